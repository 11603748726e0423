// Writes what the fuzz targets begin with: one folder a target, small files of each kind as the tests make them.
#include <filesystem>
#include <fstream>
#include <string>

#include "data/data_test.hpp"
#include "data/zip_writer.hpp"
#include "fuzz/checkpoints.hpp"
#include "model/support.hpp"

namespace {

using namespace strata;
using namespace strata::testing;

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void add(const std::string& target, const std::string& bytes) {
    std::filesystem::create_directories(folder_ / target);
    const std::filesystem::path file = folder_ / target / ("seed" + std::to_string(++count_));
    std::ofstream out(file, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
  }

 private:
  std::filesystem::path folder_;
  int count_ = 0;
};

std::string idx(char type, char dims, const std::string& rest) { return std::string("\0\0", 2) + type + dims + rest; }

std::string big(std::uint32_t value) { return packed<std::uint32_t>({value}, true); }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Seeds seeds(argv[1]);

  const std::string csvs[] = {
      "id,kind,x\r\n1,\"a \"\"b\"\"\",2.5\r\n\r\n2,\"c\nd\",-1e3\r\n3,,7\r\n",
      "a;b\n1,5;2\n\n3;nan\n",
      "x\ty\n0x1p3\t1\n\xFC\t2\n",
      "\xEF\xBB\xBFq,r\n1,2\r3,4",
      "sep=;\r\n# by hand\r\n;\"a;\"\"b\";c;c;\r\n1;2;K\xF6ln;x;\r\n# no\r\n2;\"3\r\n4\";5;6;\r\n\x1A",
      "a,b\n1,\"say \\\"hi\\\", \\\\\"\n",
      "# x\n1\n\n2\n\n"};
  const std::string array = npy_file("<f8", "(2, 3)", packed<double>({1, 2, 3, 4, 5, 6}), false);
  const std::string npys[] = {array,
                              npy_file(">i2", "(2, 3)", packed<std::int16_t>({1, 2, 3, 4, 5, 6}), true),
                              npy_file("<U2", "(2,)", packed<std::uint32_t>({'a', 'b', 'c', 0}), false),
                              npy_file("|S3", "(2,)", "ab\0cde", false),
                              npy_file("<f2", "(2, 1, 2)", "abcdefgh", false),
                              npy_file("|b1", "(4,)", std::string("\0\1\1\0", 4), false, 2)};
  const std::string idxs[] = {idx(8, 3, big(2) + big(2) + big(2) + "abcdefgh"), idx(8, 1, big(5) + "hello"),
                              idx(0x0D, 2, big(2) + big(1) + packed<float>({1, 2}, true)),
                              idx(0x0B, 1, big(2) + packed<std::int16_t>({-1, 300}, true))};
  std::vector<std::string> npzs;
  for (const bool deflate : {false, true}) {
    for (const bool zip64 : {false, true}) {
      npzs.push_back(zip_file(
          {{.name = "X.npy", .bytes = array, .deflate = deflate, .zip64 = zip64}, {.name = "y.npy", .bytes = npys[2]}},
          "", zip64));
    }
  }
  for (const std::string& bytes : csvs) seeds.add("csv", bytes);
  for (const std::string& bytes : npys) seeds.add("npy", bytes);
  for (const std::string& bytes : npzs) seeds.add("npz", bytes);
  for (const std::string& bytes : idxs) seeds.add("idx", bytes);
  // One of each, and one in a compressed file
  for (const std::string& bytes : {csvs[0], npys[0], npzs[1], idxs[0], gzipped(csvs[0]), gzipped(idxs[1])}) {
    seeds.add("table", bytes);
  }

  const TemporaryFolder folder;
  make_full_model<float>().save(folder / "full");
  make_model<double>({2, {}, 3, Loss::categorical_cross_entropy}).save(folder / "plain");
  make_bag<float>().save(folder / "bag");
  for (const char* name : {"full", "plain", "bag"}) {
    const std::string bytes = content_of(folder / name);
    seeds.add("model", bytes);
    seeds.add("json", bytes.substr(8, bytes.find_last_of('}') - 7));
  }
  seeds.add("json", R"({"a": [1, -2, 3.5e-7, true, null, "x\u00e9\ud83d\ude00\n"], "b": {"c": {}}})");

  for (const Options& options : fuzz::trainings_of_checkpoints()) {
    for (const std::int64_t updates : {2, 17, 36}) {  // within an epoch, and at the end of one
      fuzz::make_checkpoint(options, updates, folder / "checkpoint");
      seeds.add("checkpoint", content_of(folder / "checkpoint"));
    }
  }

  // Decisions: any bytes do.
  std::string decisions;
  for (int i = 0; i < 128; ++i) decisions += static_cast<char>(i * 37 + i / 7);
  for (std::size_t i = 0; i < 64; ++i) seeds.add("kernels", decisions.substr(i));
  return 0;
}
