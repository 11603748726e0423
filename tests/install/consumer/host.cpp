// Loads the module and reads a file by it: host MODULE FILE ROWS
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  void* const module = dlopen(argv[1], RTLD_NOW);
  if (module == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  const auto count_rows = reinterpret_cast<int (*)(const char*)>(dlsym(module, "count_rows"));
  return count_rows != nullptr && count_rows(argv[2]) == std::atoi(argv[3]) ? 0 : 1;
}
