// HDF5 opens files by their names. The file to be read is open already, as standard input, and may have no name: so it
// is given to HDF5 by a driver, the way that the library has for storage of other kinds.
#include "hdf5_input.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "decode.hpp"

namespace strata::decode {
namespace {

struct Input {
  H5FD_t driver{};  // first: HDF5 knows the object by it
  haddr_t addressed = 0;
  haddr_t size = 0;
};

Input* input_of(H5FD_t* file) { return reinterpret_cast<Input*>(file); }
const Input* input_of(const H5FD_t* file) { return reinterpret_cast<const Input*>(file); }

H5FD_t* open_input(const char*, unsigned flags, hid_t, haddr_t) {
  if ((flags & H5F_ACC_RDWR) != 0) return nullptr;
  auto input = std::make_unique<Input>();
  input->size = file_size();
  return &input.release()->driver;
}

herr_t close_input(H5FD_t* file) {
  delete input_of(file);
  return 0;
}

haddr_t get_addressed(const H5FD_t* file, H5FD_mem_t) { return input_of(file)->addressed; }
herr_t set_addressed(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  input_of(file)->addressed = end;
  return 0;
}
haddr_t get_size(const H5FD_t* file, H5FD_mem_t) { return input_of(file)->size; }

// What lies behind the end of the file reads as zeros, as it does for HDF5's own driver.
herr_t read_input(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, void* buffer) {
  const haddr_t end = input_of(file)->addressed;
  if (address > end || size > end - address) return -1;
  auto* to = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = ::pread(STDIN_FILENO, to, size, static_cast<off_t>(address));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    address += static_cast<haddr_t>(got);
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  std::memset(to, 0, size);
  return 0;
}

herr_t refuse_write(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, std::size_t, const void*) { return -1; }

H5FD_class_t make_driver() {
  H5FD_class_t driver{};
#ifdef H5FD_CLASS_VERSION  // since HDF5 1.13
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(511);  // 256 to 511 are nobody's
#endif
  driver.name = "standard input";
  driver.maxaddr = static_cast<haddr_t>(-1) >> 1U;
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.open = open_input;
  driver.close = close_input;
  driver.get_eoa = get_addressed;
  driver.set_eoa = set_addressed;
  driver.get_eof = get_size;
  driver.read = read_input;
  driver.write = refuse_write;
  for (H5FD_mem_t& map : driver.fl_map) map = H5FD_MEM_DEFAULT;
  return driver;
}

}  // namespace

hid_t open_standard_input() {
  static const H5FD_class_t driver = make_driver();
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0 || H5Pset_driver(access, H5FDregister(&driver), nullptr) < 0) return -1;
  return H5Fopen("standard input", H5F_ACC_RDONLY, access);
}

}  // namespace strata::decode
