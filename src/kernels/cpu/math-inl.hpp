// Exponentials and their kin on vectors. Source of every polynomial: a minimax fit (Remez) in 45 decimal digits of the
// function named beside it, rounded to the type; rational ones by least squares with weights (Lawson).
//
// The bounds are in units in the last place (ulp) of the exact value, from all floats of a dense sample and random
// doubles on every instruction set (tests/kernels/vector_math_test.cpp). Results below the smallest normal number are 0
// where that is said; NaN stays NaN everywhere. No result depends on its neighbours.
#include "hwy/highway.h"

#if defined(STRATA_KERNELS_CPU_MATH_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_MATH_INL_HPP
#undef STRATA_KERNELS_CPU_MATH_INL_HPP
#else
#define STRATA_KERNELS_CPU_MATH_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct MathConstants;

template <>
struct MathConstants<float> {
  static constexpr int kMantissa = 23, kBias = 127;
  static constexpr float kRound = 12582912.0F;                              // 1.5·2^23: adding it rounds to an integer
  static constexpr float kSmallestLog = -87.3365402F, kLargestLog = 89.0F;  // e^x is normal; e^x overflows before
  static constexpr float kTiniestLog = -104.0F;                             // e^x is 0
  static constexpr float kLn2High = 0.693145751953125F, kLn2Low = 1.42860677e-6F;  // n·high is exact
  // (e^r − 1 − r) / r², |r| ≤ ln 2 / 2; error of e^r 4e-9
  static constexpr float kExp[] = {0.5F, 0.166664883F, 0.0416655503F, 0.0083722854F, 0.00140360382F};
  // (ln(1+x) − 2s) / s³ in s², s = x/(2+x) ≤ 1/3; error of the logarithm 2e-10
  static constexpr float kLog[] = {0.666666746F, 0.399989486F, 0.286151499F, 0.214447334F, 0.242416754F};
  // Φ(−x) e^(x²/2) = upper(x) / lower(x), 0 ≤ x ≤ 14; error 6e-9
  static constexpr float kTailEnd = 14;
  static constexpr float kUpper[] = {0.5F, 0.437227309F, 0.182443812F, 0.0403663293F, 0.00407664478F};
  static constexpr float kLower[] = {1.0F, 1.67233956F, 1.19921708F, 0.467381418F, 0.101190194F, 0.0102185039F};
  // π/2 in three parts, and (sin r − r) / r³ and (cos r − 1 + r²/2) / r⁴ in r², |r| ≤ π/4 (Moshier's Cephes, sinf.c)
  static constexpr float kHalfPi[] = {1.5703125F, 4.837512969970703125e-4F, 7.54978995489188216e-8F};
  static constexpr float kSin[] = {-1.6666654611e-1F, 8.3321608736e-3F, -1.9515295891e-4F};
  static constexpr float kCos[] = {4.166664568298827e-2F, -1.388731625493765e-3F, 2.443315711809948e-5F};
  static constexpr float kLastPhase = 6e6F;  // so many quarters are still whole numbers beside kRound
};

template <>
struct MathConstants<double> {
  static constexpr int kMantissa = 52, kBias = 1023;
  static constexpr double kRound = 6755399441055744.0;  // 1.5·2^52
  static constexpr double kSmallestLog = -708.396418532264, kLargestLog = 710.0;
  static constexpr double kTiniestLog = -746.0;
  static constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;  // fdlibm
  // error of e^r − 1 7e-19
  static constexpr double kExp[] = {0.5,
                                    0.16666666666666677,
                                    0.041666666666666692,
                                    0.0083333333333218684,
                                    0.0013888888888885299,
                                    0.00019841269884277713,
                                    2.4801587268205255e-05,
                                    2.7557246900477101e-06,
                                    2.7557368303382715e-07,
                                    2.5107928584205141e-08,
                                    2.0873565204468268e-09};
  // error of the logarithm 2e-18
  static constexpr double kLog[] = {0.66666666666666308,  0.40000000000155927, 0.28571428548006839, 0.22222223961012705,
                                    0.1818174420522688,   0.15386554501992156, 0.13301037854565972, 0.12105629925356817,
                                    0.083418789073919378, 0.17015662726415454};
  // 0 ≤ x ≤ 39; error 6e-17
  static constexpr double kTailEnd = 39;
  static constexpr double kUpper[] = {0.5,
                                      0.77486413219983852,
                                      0.59403208562719845,
                                      0.28932251368770012,
                                      0.097694808960981774,
                                      0.023621036444117526,
                                      0.0040890175799056985,
                                      0.00049037430008752906,
                                      3.7250208720161249e-05,
                                      1.3855226678419373e-06};
  static constexpr double kLower[] = {1,
                                      2.3476128252025323,
                                      2.5611881992266152,
                                      1.7143326565111496,
                                      0.78200975303603681,
                                      0.25494746093215492,
                                      0.060431398357741063,
                                      0.010343019496474714,
                                      0.0012326590762455612,
                                      9.3372426411726227e-05,
                                      3.4729902943650934e-06};
  // the same; fdlibm, e_rem_pio2.c, k_sin.c and k_cos.c
  static constexpr double kHalfPi[] = {1.57079632673412561417e+00, 6.07710050630396597660e-11,
                                       2.02226624879595063154e-21};
  static constexpr double kSin[] = {-1.66666666666666324348e-01, 8.33333333332248946124e-03,
                                    -1.98412698298579493134e-04, 2.75573137070700676789e-06,
                                    -2.50507602534068634195e-08, 1.58969099521155010221e-10};
  static constexpr double kCos[] = {4.16666666666666019037e-02, -1.38888888888741095749e-03,
                                    2.48015872894767294178e-05, -2.75573143513906633035e-07,
                                    2.08757232129817482790e-09, -1.13596475577881948265e-11};
  static constexpr double kLastPhase = 3e15;
};

// Σ c_i xⁱ from pairs: as many operations as Horner's rule with half the waiting.
template <std::size_t I = 0, class D, class V, class T, std::size_t N>
HWY_INLINE V polynomial(D d, V x, V x2, const T (&c)[N]) {
  if constexpr (I + 1 == N) {
    return hn::Set(d, c[I]);
  } else {
    const V pair = hn::MulAdd(hn::Set(d, c[I + 1]), x, hn::Set(d, c[I]));
    if constexpr (I + 2 == N) {
      return pair;
    } else {
      return hn::MulAdd(polynomial<I + 2>(d, x, x2, c), x2, pair);
    }
  }
}

// 2ⁿ of a whole number n, given n + kRound: its exponent bits
template <class D, class V>
HWY_INLINE V pow2(D d, V rounded) {
  using C = MathConstants<hn::TFromD<D>>;
  const hn::RebindToUnsigned<D> bits;
  const V biased = hn::Add(rounded, hn::Set(d, C::kBias));
  return hn::BitCast(d, hn::ShiftLeft<C::kMantissa>(hn::BitCast(bits, biased)));
}

// x = n ln 2 + r, |r| ≤ ln 2 / 2 (Cody and Waite, 1980). Gives n + kRound and e^r − 1.
template <class D, class V>
HWY_INLINE V expm1_reduced(D d, V x, V& rounded) {
  using C = MathConstants<hn::TFromD<D>>;
  const V round = hn::Set(d, C::kRound);
  rounded = hn::MulAdd(x, hn::Set(d, static_cast<hn::TFromD<D>>(1.4426950408889634)), round);
  const V n = hn::Sub(rounded, round);
  const V r = hn::NegMulAdd(n, hn::Set(d, C::kLn2Low), hn::NegMulAdd(n, hn::Set(d, C::kLn2High), x));
  const V r2 = hn::Mul(r, r);
  return hn::MulAdd(polynomial(d, r, r2, C::kExp), r2, r);
}

/// max(0, z); NaN stays NaN, and −0 stays −0
template <class D, class V = hn::Vec<D>>
HWY_INLINE V positive_part(D d, V z) {
#if HWY_ARCH_X86  // whose maximum is its second operand when one of the two is NaN
  return hn::Max(hn::Zero(d), z);
#else
  return hn::IfThenZeroElse(hn::Lt(z, hn::Zero(d)), z);
#endif
}

/// e^x; at most 1.1 ulp. ±∞ give ∞ and 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp(D d, V x) {
  using C = MathConstants<hn::TFromD<D>>;
  V rounded;
  const V p = expm1_reduced(d, x, rounded);
  // 2ⁿ in two factors: n may lie beyond the exponents of normal numbers.
  const V round = hn::Set(d, C::kRound);
  const V n = hn::Sub(rounded, round);
  const V half = hn::MulAdd(n, hn::Set(d, hn::TFromD<D>(0.5)), round);
  const V rest = hn::Add(hn::Sub(n, hn::Sub(half, round)), round);
  const V scale = pow2(d, half);
  V e = hn::Mul(hn::MulAdd(scale, p, scale), pow2(d, rest));
  e = hn::IfThenElse(hn::Gt(x, hn::Set(d, C::kLargestLog)), hn::Inf(d), e);
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, C::kTiniestLog)), e);
}

/// e^x for x ≤ 0, and up to 40; at most 1.1 ulp, 0 below the smallest normal number. All that the activations need.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_nonpositive(D d, V x) {
  V rounded;
  const V p = expm1_reduced(d, x, rounded);
  const V scale = pow2(d, rounded);
  const V tiny = hn::Set(d, MathConstants<hn::TFromD<D>>::kSmallestLog);
  return hn::IfThenZeroElse(hn::Lt(x, tiny), hn::MulAdd(scale, p, scale));
}

/// e^x − 1 for x ≤ 0; at most 1.2 ulp
template <class D, class V = hn::Vec<D>>
HWY_INLINE V expm1_nonpositive(D d, V x) {
  const V one = hn::Set(d, hn::TFromD<D>(1));
  V rounded;
  const V p = expm1_reduced(d, x, rounded);
  const V scale = pow2(d, rounded);
  const V tiny = hn::Set(d, MathConstants<hn::TFromD<D>>::kSmallestLog);
  return hn::IfThenElse(hn::Lt(x, tiny), hn::Neg(one), hn::MulAdd(scale, p, hn::Sub(scale, one)));
}

// −|x|
template <class D, class V>
HWY_INLINE V minus_abs(D d, V x) {
  return hn::Or(x, hn::SignBit(d));
}

/// tanh x = (1 − e^−2|x|) / (1 + e^−2|x|) with the sign of x; at most 2 ulp
template <class D, class V = hn::Vec<D>>
HWY_INLINE V tanh(D d, V x) {
  const V one = hn::Set(d, hn::TFromD<D>(1));
  const V m = minus_abs(d, x);
  V rounded;
  const V p = expm1_reduced(d, hn::Add(m, m), rounded);
  const V scale = pow2(d, rounded);
  const V t = hn::Div(hn::MulAdd(scale, p, hn::Sub(scale, one)), hn::MulAdd(scale, p, hn::Add(scale, one)));
  const V all = hn::Set(d, MathConstants<hn::TFromD<D>>::kSmallestLog / 2);
  return hn::CopySign(hn::IfThenElse(hn::Lt(m, all), one, t), x);
}

/// σ(x) = 1 / (1 + e^−x); at most 2.3 ulp, 0 below the smallest normal number
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid(D d, V x) {
  const V one = hn::Set(d, hn::TFromD<D>(1));
  const V e = exp_nonpositive(d, minus_abs(d, x));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

/// ln(1 + x) for 0 ≤ x ≤ 1; at most 1.5 ulp. 2 artanh(x / (2 + x)), with the rounding of x kept out as in fdlibm's log.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log1p_fraction(D d, V x) {
  const V s = hn::Div(x, hn::Add(x, hn::Set(d, hn::TFromD<D>(2))));
  const V z = hn::Mul(s, s);
  const V series = polynomial(d, z, hn::Mul(z, z), MathConstants<hn::TFromD<D>>::kLog);
  return hn::NegMulAdd(s, hn::NegMulAdd(z, series, x), x);
}

/// ln x of doubles x ≥ 1; at most 1.5 ulp
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log_above_one(D d, V x) {
  using C = MathConstants<double>;
  const hn::RebindToUnsigned<D> words;
  const auto bits = hn::BitCast(words, x);
  const V one = hn::Set(d, 1.0), two52 = hn::Set(d, 4503599627370496.0);
  // x = 2ᵏ (1 + f): the exponent's bits under those of 2^52 are the number 2^52 + k + bias.
  const V exponent = hn::BitCast(d, hn::Or(hn::ShiftRight<C::kMantissa>(bits), hn::BitCast(words, two52)));
  const V k = hn::Sub(exponent, hn::Add(two52, hn::Set(d, C::kBias)));
  const auto mantissa = hn::And(bits, hn::Set(words, (std::uint64_t{1} << C::kMantissa) - 1));
  const V f = hn::Sub(hn::BitCast(d, hn::Or(mantissa, hn::BitCast(words, one))), one);
  const V low = hn::MulAdd(k, hn::Set(d, C::kLn2Low), log1p_fraction(d, f));
  const V log = hn::MulAdd(k, hn::Set(d, C::kLn2High), low);
  return hn::IfThenElse(hn::Lt(x, hn::Inf(d)), log, x);  // ∞ and NaN
}

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|); at most 2.5 ulp, 0 below the smallest normal number
template <class D, class V = hn::Vec<D>>
HWY_INLINE V softplus(D d, V x) {
  return hn::Add(hn::Max(hn::Zero(d), x), log1p_fraction(d, exp_nonpositive(d, minus_abs(d, x))));
}

/// Φ(x), the normal distribution function; at most 5.5 + 0.6 x² ulp (x² is rounded before e^(−x²/2)), 0 below the
/// smallest normal number. `gauss` is e^(−x²/2).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V normal_cdf(D d, V x, V& gauss) {
  using T = hn::TFromD<D>;
  using C = MathConstants<T>;
  // e^(−x²/2) is 0 from kTailEnd on.
  const V a = hn::Min(hn::Set(d, C::kTailEnd), hn::Abs(x)), a2 = hn::Mul(a, a);
  gauss = exp_nonpositive(d, hn::Mul(x, hn::Mul(x, hn::Set(d, T(-0.5)))));
  const V tail = hn::Mul(gauss, hn::Div(polynomial(d, a, a2, C::kUpper), polynomial(d, a, a2, C::kLower)));
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, T(1)), tail));
}

/// sin u and cos u, from −1 to 1. For |u| ≤ 1e4 at most 2 ulp off, and 1e-14 |u| beside the zeros (in double 1e-30
/// |u|); beyond it 2 ulp of 1 and of u, whose own rounding may be half of one. From 6e6 on, and 3e15 in double, where
/// numbers are half a unit apart, u counts as 0. ∞ gives NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void sin_cos(D d, V u, V& sine, V& cosine) {
  using T = hn::TFromD<D>;
  using C = MathConstants<T>;
  const hn::RebindToUnsigned<D> bits;
  u = hn::IfThenElse(hn::Le(hn::Abs(u), hn::Set(d, C::kLastPhase)), u, hn::Mul(u, hn::Zero(d)));
  // u = n π/2 + r, |r| ≤ π/4 (Cody and Waite, 1980)
  const V round = hn::Set(d, C::kRound);
  const V rounded = hn::MulAdd(u, hn::Set(d, static_cast<T>(0.63661977236758134308)), round);
  const V n = hn::Sub(rounded, round);
  V r = u;
  for (const T part : C::kHalfPi) r = hn::NegMulAdd(n, hn::Set(d, part), r);
  const V r2 = hn::Mul(r, r), r4 = hn::Mul(r2, r2);
  const V s = hn::MulAdd(hn::Mul(polynomial(d, r2, r4, C::kSin), r2), r, r);
  const V half = hn::NegMulAdd(r2, hn::Set(d, T(0.5)), hn::Set(d, T(1)));
  const V c = hn::MulAdd(polynomial(d, r2, r4, C::kCos), r4, half);
  // The low bits of n, under kRound, are those of the quarter: sin is s, c, −s, −c in turn, and cos a quarter ahead.
  const auto quarter = hn::BitCast(bits, rounded), one = hn::Set(bits, 1);
  const auto odd = hn::RebindMask(d, hn::TestBit(quarter, one));
  const auto sign = [&](auto q) HWY_ATTR {
    return hn::And(hn::BitCast(d, hn::ShiftLeft<8 * sizeof(T) - 2>(q)), hn::SignBit(d));
  };
  sine = hn::Xor(hn::IfThenElse(odd, c, s), sign(quarter));
  cosine = hn::Xor(hn::IfThenElse(odd, s, c), sign(hn::Add(quarter, one)));
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
