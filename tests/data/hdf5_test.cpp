#include "sample_pictures.hpp"

namespace strata::testing {
namespace {

class Hdf5 : public InFolder {
 protected:
  static std::string refused(ErrorCode code, const std::string& name) {
    return error_of(code, [&] { return read_table("x.h5", only({name})); });
  }
};

TEST_F(Hdf5, reads_arrays_of_groups_in_every_type) {
  const std::vector<std::uint8_t> pixels = {0, 1, 2, 3, 4, 255};
  const std::vector<std::int64_t> labels = {-5, 1LL << 52};
  const std::vector<double> weights = {0.1, -2e300};
  {
    const Hdf5File file("x.h5");
    put_array(file, "pixels", H5T_STD_U8LE, H5T_NATIVE_UINT8, {2, 3, 1}, pixels.data());
    put_array(file, "labels", H5T_STD_I64BE, H5T_NATIVE_INT64, {2}, labels.data());
    const hid_t group = H5Gcreate2(file, "deep", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t inner = H5Gcreate2(group, "er", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    put_array(inner, "weights", H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, {2, 1}, weights.data());
    put_array(inner, "narrow", H5T_IEEE_F32LE, H5T_NATIVE_DOUBLE, {2}, std::vector<double>{0.5, -4}.data());
    put_array(inner, "u16", H5T_STD_U16BE, H5T_NATIVE_INT64, {2}, std::vector<std::int64_t>{258, 65535}.data());
    put_array(inner, "i8", H5T_STD_I8LE, H5T_NATIVE_INT64, {2}, std::vector<std::int64_t>{-128, 7}.data());
    H5Gclose(inner);
    H5Gclose(group);
  }
  const Table table = read_table("x.h5");
  EXPECT_EQ(names(table), (std::vector<std::string>{"deep/er/i8", "deep/er/narrow", "deep/er/u16", "deep/er/weights",
                                                    "labels", "pixels"}));
  EXPECT_EQ(numbers(table, "pixels"), (std::vector<double>{0, 1, 2, 3, 4, 255}));
  EXPECT_EQ(table.field("pixels").shape, (std::vector<std::size_t>{3, 1}));
  EXPECT_TRUE(table.field("pixels").is_bytes);
  EXPECT_FALSE(table.field("labels").is_bytes);
  EXPECT_EQ(numbers(table, "labels"), (std::vector<double>{-5, 4503599627370496.0}));
  EXPECT_EQ(numbers(table, "deep/er/weights"), weights);
  EXPECT_EQ(numbers(table, "deep/er/narrow"), (std::vector<double>{0.5, -4}));
  EXPECT_EQ(numbers(table, "deep/er/u16"), (std::vector<double>{258, 65535}));
  EXPECT_EQ(numbers(table, "deep/er/i8"), (std::vector<double>{-128, 7}));
  EXPECT_EQ(table.where(table.field("pixels"), 1, 2), "x.h5: pixels, example 1 (counted from 0), number 2");
}

TEST_F(Hdf5, reads_chunks_and_gzip) {
  constexpr hsize_t kRows = 3001, kWidth = 517;  // several pieces; chunks that fit neither rows nor columns
  std::vector<float> values(kRows * kWidth);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 100'003);
  {
    const Hdf5File file("x.h5");
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {64, 100};
    H5Pset_chunk(properties, 2, chunk);
    H5Pset_shuffle(properties);
    H5Pset_deflate(properties, 6);
    put_array(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {kRows, kWidth}, values.data(), properties);
    H5Pclose(properties);
  }
  const Table table = read_table("x.h5");
  ASSERT_EQ(table.rows(), kRows);
  std::vector<double> row(kWidth);
  const Field* field = table.find("x");
  for (std::size_t i = 0; i < kRows; ++i) {
    table.read_row({&field, 1}, i, row.data());
    for (std::size_t k = 0; k < kWidth; ++k)
      ASSERT_EQ(row[k], static_cast<double>((i * kWidth + k) % 100'003)) << i << " " << k;
  }
}

TEST_F(Hdf5, reads_texts_of_fixed_and_varying_length) {
  {
    const Hdf5File file("x.h5");
    for (const auto& [name, padding] :
         {std::pair{"zero", H5T_STR_NULLTERM}, {"pad", H5T_STR_NULLPAD}, {"space", H5T_STR_SPACEPAD}}) {
      const hid_t type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, 4);
      H5Tset_strpad(type, padding);
      const char* bytes = padding == H5T_STR_SPACEPAD  ? "cat dog     "
                          : padding == H5T_STR_NULLPAD ? "cat\0dog!\0\0\0\0"
                                                       : "cat\0dog\0\0\0\0\0";
      put_array(file, name, type, type, {3}, bytes);
      H5Tclose(type);
    }
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    const char* words[] = {"Köln", "", "a rather long text of more than sixteen letters"};
    put_array(file, "words", type, type, {3}, words);
    H5Tclose(type);
  }
  const Table table = read_table("x.h5");
  EXPECT_EQ(texts(table, "zero"), (std::vector<std::string>{"cat", "dog", ""}));
  EXPECT_EQ(texts(table, "pad"), (std::vector<std::string>{"cat", "dog!", ""}));
  EXPECT_EQ(texts(table, "space"), (std::vector<std::string>{"cat", "dog", ""}));
  EXPECT_EQ(texts(table, "words"),
            (std::vector<std::string>{"Köln", "", "a rather long text of more than sixteen letters"}));
  EXPECT_TRUE(table.field("words").is_text());
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.require_numbers(std::vector{table.find("words")}), 0; }),
            "x.h5: words, example 0 (counted from 0) is the text 'Köln'; expected a number");
}

TEST_F(Hdf5, reads_truth_values_and_other_enumerations) {
  {
    const Hdf5File file("x.h5");
    const signed char no = 0, yes = 1, blue = 2;
    const hid_t truth = H5Tenum_create(H5T_NATIVE_INT8);
    H5Tenum_insert(truth, "FALSE", &no);
    H5Tenum_insert(truth, "TRUE", &yes);
    put_array(file, "truth", truth, truth, {3}, "\0\1\1");
    const hid_t colour = H5Tenum_create(H5T_NATIVE_INT8);
    H5Tenum_insert(colour, "red", &no);
    H5Tenum_insert(colour, "green", &yes);
    H5Tenum_insert(colour, "blue", &blue);
    put_array(file, "colour", colour, colour, {3}, "\2\0\1");
    H5Tclose(truth);
    H5Tclose(colour);
  }
  const Table table = read_table("x.h5");
  EXPECT_EQ(numbers(table, "truth"), (std::vector<double>{0, 1, 1}));
  EXPECT_EQ(numbers(table, "colour"), (std::vector<double>{2, 0, 1}));
  EXPECT_FALSE(table.field("truth").is_bytes);
}

TEST_F(Hdf5, different_lengths_need_a_choice) {
  {
    const Hdf5File file("x.h5");
    put_array(file, "x", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3}, "abc");
    put_array(file, "classes", H5T_STD_U8LE, H5T_NATIVE_UINT8, {2}, "ab");
  }
  EXPECT_EQ(error_of(ErrorCode::shape, [] { return read_table("x.h5"); }),
            "x.h5: 'classes' has 2 examples, but 'x' has 3; choose fields with as many");
  EXPECT_EQ(read_table("x.h5", only({"x"})).rows(), 3U);
  EXPECT_EQ(refused(ErrorCode::usage, "y"), "x.h5 has no 'y' (it has: classes, x)");
}

TEST_F(Hdf5, what_cannot_be_read_is_left_out_and_told_when_asked_for) {
  {
    const Hdf5File file("x.h5");
    put_array(file, "x", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3}, "abc");
    put_array(file, "scalar", H5T_STD_U8LE, H5T_NATIVE_UINT8, {}, "a");
    put_array(file, "none", H5T_STD_U8LE, H5T_NATIVE_UINT8, {0, 3}, nullptr);
    put_array(file, "empty", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3, 0}, nullptr);
    const hid_t record = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(record, "a", 0, H5T_NATIVE_INT);
    put_array(file, "record", record, record, {3}, nullptr);
    H5Tclose(record);
    put_array(file, "bits", H5T_STD_B8LE, H5T_STD_B8LE, {3}, nullptr);
    put_array(file, "long", H5T_NATIVE_LDOUBLE, H5T_NATIVE_LDOUBLE, {3}, nullptr);
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 2);
    put_array(file, "grid", text, text, {3, 2}, nullptr);
    H5Tclose(text);
    // A few bytes that claim a terabyte: storage that is never written reads as zeros.
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk = 1024;
    H5Pset_chunk(properties, 1, &chunk);
    put_array(file, "bomb", H5T_STD_U8LE, H5T_NATIVE_UINT8, {hsize_t{1} << 40}, nullptr, properties);
    H5Pclose(properties);
    // Numbers that lie in another file, and links that lead to one.
    const hid_t outside = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(outside, "/etc/passwd", 0, 3);
    put_array(file, "outside", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3}, nullptr, outside);
    H5Pclose(outside);
    H5Lcreate_external("other.h5", "/x", file, "elsewhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/x", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
  }
  EXPECT_EQ(names(read_table("x.h5")), (std::vector<std::string>{"x"}));
  EXPECT_EQ(refused(ErrorCode::unsupported, "scalar"), "x.h5: 'scalar' is a single value, not a list of examples");
  EXPECT_EQ(refused(ErrorCode::unsupported, "none"), "x.h5: 'none' has no examples");
  EXPECT_EQ(refused(ErrorCode::unsupported, "empty"), "x.h5: 'empty' has examples without numbers");
  EXPECT_EQ(refused(ErrorCode::unsupported, "record"),
            "x.h5: 'record' holds records of several named types; numbers and text can be read");
  EXPECT_EQ(refused(ErrorCode::unsupported, "bits"), "x.h5: 'bits' holds bit fields; numbers and text can be read");
  EXPECT_EQ(refused(ErrorCode::unsupported, "long"),
            "x.h5: 'long' has floating point numbers of 128 bits; at most 64 can be read");
  EXPECT_EQ(refused(ErrorCode::unsupported, "grid"), "x.h5: 'grid' has several texts for each example");
  EXPECT_EQ(refused(ErrorCode::unsupported, "bomb"), "x.h5: 'bomb' claims more numbers than a file of " +
                                                         std::to_string(std::filesystem::file_size("x.h5")) +
                                                         " bytes can hold");
  EXPECT_EQ(refused(ErrorCode::unsupported, "outside"),
            "x.h5: 'outside' keeps its numbers in another file, which is not followed");
  EXPECT_EQ(refused(ErrorCode::usage, "elsewhere"), "x.h5 has no 'elsewhere' (it has: x)");
  EXPECT_EQ(refused(ErrorCode::usage, "soft"), "x.h5 has no 'soft' (it has: x)");
}

void put_attribute(hid_t object, const char* name, const std::string& text) {
  const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, text.size());
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, type, text.data());
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

void put_matlab_class(hid_t file, const char* array, const std::string& text) {
  const hid_t opened = H5Dopen2(file, array, H5P_DEFAULT);
  put_attribute(opened, "MATLAB_class", text);
  H5Dclose(opened);
}

// MATLAB's X(3, 2) and y(3, 1): the file has the dimensions the other way round.
TEST_F(Hdf5, arrays_of_matlab_are_turned_round) {
  const std::vector<double> x = {1, 2, 3, 4, 5, 6}, y = {7, 8, 9};
  const std::vector<std::uint8_t> yes = {1, 0, 2};
  const std::vector<std::uint16_t> letters = {'a', 'b', 'c'};
  {
    const Hdf5File file("x.h5");
    put_array(file, "X", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {2, 3}, x.data());
    put_array(file, "y", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {1, 3}, y.data());
    put_array(file, "yes", H5T_STD_U8LE, H5T_NATIVE_UINT8, {1, 3}, yes.data());
    put_array(file, "kind", H5T_STD_U16LE, H5T_NATIVE_UINT16, {1, 3}, letters.data());
    put_array(file, "plain", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {3, 2}, x.data());
    for (const char* name : {"X", "y"}) put_matlab_class(file, name, "double");
    put_matlab_class(file, "yes", "logical");
    put_matlab_class(file, "kind", "char");
  }
  std::vector<std::string> notes;
  const Table table = read_table("x.h5", {}, {}, &notes);
  EXPECT_EQ(names(table), (std::vector<std::string>{"X", "plain", "y", "yes"}));
  EXPECT_EQ(table.rows(), 3U);
  EXPECT_EQ(numbers(table, "X"), (std::vector<double>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(numbers(table, "plain"), x);
  EXPECT_EQ(numbers(table, "y"), y);
  EXPECT_EQ(numbers(table, "yes"), (std::vector<double>{1, 0, 1}));
  EXPECT_FALSE(table.field("yes").is_bytes);
  EXPECT_EQ(notes, (std::vector<std::string>{
                       "MATLAB turns arrays round: the last index of the file counts the examples of X, y, yes; "
                       "--transpose no takes the first",
                       "left out: 'kind' is a char array of MATLAB; save labels as numbers, or the table as CSV "
                       "(writetable)"}));
  const Table as_stored = read_table("x.h5", only({"X"}), {.transpose = Transpose::no}, &notes);
  EXPECT_EQ(as_stored.rows(), 2U);
  EXPECT_EQ(numbers(as_stored, "X"), x);
  EXPECT_EQ(notes.size(), 1U);
  const Table plain = read_table("x.h5", only({"plain"}), {.transpose = Transpose::yes}, &notes);
  EXPECT_EQ(numbers(plain, "plain"), (std::vector<double>{1, 3, 5, 2, 4, 6}));
}

// labels = [7 8 9]: three of them where there are three examples, else one example of three numbers.
TEST_F(Hdf5, a_row_of_matlab_is_a_list_where_there_are_as_many_examples) {
  const std::vector<double> x = {1, 2, 3, 4, 5, 6}, y = {7, 8, 9};
  for (const hsize_t rows : {3, 2}) {
    {
      const Hdf5File file("x.h5");
      put_array(file, "X", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {6 / rows, rows}, x.data());
      put_array(file, "y", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {3, 1}, y.data());
      const hid_t inside = H5Gcreate2(file, "#refs#", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
      put_array(inside, "a", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {3}, y.data());
      H5Gclose(inside);
      for (const char* name : {"X", "y"}) put_matlab_class(file, name, "double");
    }
    std::vector<std::string> available;
    const FieldChooser choose = [&](std::span<const Field> fields) -> std::vector<std::string> {
      for (const Field& field : fields) available.push_back(field.name + " " + std::to_string(field.rows));
      return {"y"};
    };
    const Table table = read_table("x.h5", choose);
    EXPECT_EQ(available, (rows == 3 ? std::vector<std::string>{"X 3", "y 3"} : std::vector<std::string>{"X 2", "y 1"}));
    EXPECT_EQ(numbers(table, "y"), y);
  }
}

TEST_F(Hdf5, tables_of_pandas_are_known) {
  {
    const Hdf5File file("x.h5");
    const hid_t group = H5Gcreate2(file, "df", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    put_attribute(group, "pandas_type", "frame");
    put_array(group, "axis0", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {2}, std::vector<double>{1, 2}.data());
    H5Gclose(group);
  }
  const std::string reason =
      "'df' is a table of pandas (to_hdf); convert it first: python3 -c \"import pandas; "
      "pandas.read_hdf('FILE', 'df').to_csv('NEW.csv', index=False)\"";
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read_table("x.h5"); }),
            "x.h5 is an HDF5 file without arrays of examples (" + reason + ")");
  {
    const hid_t file = H5Fopen("x.h5", H5F_ACC_RDWR, H5P_DEFAULT);
    put_array(file, "dfs", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {2}, std::vector<double>{1, 2}.data());
    H5Fclose(file);
  }
  EXPECT_EQ(names(read_table("x.h5")), (std::vector<std::string>{"dfs"}));
  // A choice that misses what cannot be read says so.
  const FieldChooser wants_more = [](std::span<const Field>) -> std::vector<std::string> {
    throw Error(ErrorCode::usage, "there is no 'X'");
  };
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return read_table("x.h5", wants_more); }),
            "there is no 'X'\nleft out: " + reason);
}

// One chunk, compressed by hand: eight bytes as they are, then 24 that repeat them.
TEST_F(Hdf5, reads_lzf) {
  const std::string one("\0\0\0\0\0\0\xF0\x3F", 8), good = "\x07" + one + "\xE0\x0F\x07";
  struct Case {
    std::string bytes;
    unsigned size;
    bool reads;
  };
  const Case cases[] = {{good, 32, true},
                        {"\x07" + one + "\xE0\x0F\x08", 32, false},  // from before the beginning
                        {"\x07" + one + "\xE0\x10\x07", 32, false},  // too many
                        {"\x07" + one + "\xE0\x0E\x07", 32, false},  // too few
                        {"\x07" + one + "\xE0\x0F", 32, false},      // cut short
                        {"\x07" + one + "\xE0", 32, false},
                        {"\x1F" + one, 32, false},
                        {good, 4'000'000'000, false}};  // a bomb
  for (const Case& each : cases) {
    {
      const Hdf5File file("x.h5");
      const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
      const hsize_t dims[] = {2, 2};
      const unsigned values[] = {4, 261, each.size};
      H5Pset_chunk(properties, 2, dims);
      H5Pset_filter(properties, 32000, H5Z_FLAG_OPTIONAL, 3, values);
      put_array(file, "x", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {2, 2}, nullptr, properties);
      const hid_t array = H5Dopen2(file, "x", H5P_DEFAULT);
      const hsize_t first[] = {0, 0};
      ASSERT_GE(H5Dwrite_chunk(array, H5P_DEFAULT, 0, first, each.bytes.size(), each.bytes.data()), 0);
      H5Dclose(array);
      H5Pclose(properties);
    }
    if (each.reads) {
      EXPECT_EQ(numbers(read_table("x.h5"), "x"), (std::vector<double>{1, 1, 1, 1}));
    } else {
      const std::string error = error_of(ErrorCode::format, [] { return read_table("x.h5"); });
      EXPECT_TRUE(error.starts_with("x.h5: the numbers of the HDF5 file cannot be read")) << error;
    }
  }
}

TEST_F(Hdf5, files_without_arrays_and_damaged_files) {
  {
    const Hdf5File file("x.h5");
  }
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read_table("x.h5"); }),
            "x.h5 is an HDF5 file without arrays of examples");
  {
    const Hdf5File file("x.h5");
    put_array(file, "x", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3}, "abc");
  }
  const std::string whole = read_file("x.h5");
  const std::string message = reading_error(ErrorCode::format, "x.h5", whole.substr(0, whole.size() / 2));
  EXPECT_TRUE(message.starts_with("x.h5: the HDF5 file cannot be opened, it is damaged or cut short: truncated file"))
      << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
  EXPECT_EQ(reading_error(ErrorCode::format, "page.h5", "<!doctype html><p>Not found"),
            "page.h5 is an HTML page, not data: the download probably failed");
}

TEST_F(Hdf5, reads_behind_a_user_block) {
  {
    const hid_t properties = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(properties, 512);
    const hid_t file = H5Fcreate("x.mat", H5F_ACC_TRUNC, properties, H5P_DEFAULT);
    put_array(file, "x", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3}, "abc");
    H5Fclose(file);
    H5Pclose(properties);
  }
  EXPECT_EQ(numbers(read_table("x.mat"), "x"), (std::vector<double>{'a', 'b', 'c'}));
}

TEST_F(Hdf5, bad_numbers_have_their_place) {
  {
    const Hdf5File file("pictures.h5");
    put_array(file, "train_set_x", H5T_IEEE_F32LE, H5T_NATIVE_DOUBLE, {2, 4},
              std::vector<double>{1, 2, 3, 4, 5, 6, 7, 0.0 / 0.0}.data());
  }
  const Table table = read_table("pictures.h5");
  EXPECT_EQ(
      error_of(ErrorCode::value, [&] { return table.require_numbers(std::vector{table.find("train_set_x")}), 0; }),
      "pictures.h5: train_set_x, example 1 (counted from 0), number 3 is nan; every number must be finite");
}

TEST_F(Hdf5, names_that_look_like_options_or_hold_blanks) {
  {
    const Hdf5File file("--help");
    put_array(file, "-x y", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3}, "abc");
  }
  EXPECT_EQ(numbers(read_table("--help"), "-x y"), (std::vector<double>{'a', 'b', 'c'}));
}

}  // namespace
}  // namespace strata::testing
