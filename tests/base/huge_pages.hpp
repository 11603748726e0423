// What the kernel says of the pages behind an address.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace strata {

inline bool lends_huge_pages() { return std::filesystem::exists("/sys/kernel/mm/transparent_hugepage"); }

inline bool asked_for_huge_pages(const void* data) {
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  std::ifstream mappings("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(mappings, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) here = begin <= address && address < end;
    if (here && line.starts_with("VmFlags:")) return (line + " ").find(" hg ") != std::string::npos;
  }
  return false;
}

}  // namespace strata
