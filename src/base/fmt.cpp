// fmt, compiled once into the library: header-only it costs seconds in every file, and as a shared library every
// program that links Strata would need it. CMakeLists.txt gives this copy a namespace of its own.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
// What fmt's headers leave to the library: 10 declares all three "extern template", 9 all but the first.
template void vformat_to(buffer<char>&, string_view, format_args, locale_ref);
template thousands_sep_result<char> thousands_sep_impl(locale_ref);
template char decimal_point_impl(locale_ref);
}  // namespace detail
FMT_END_NAMESPACE
