# cmake --install: the library, its headers, the program and its helper, the data of the demo, find_package(strata) and
# pkg-config strata.
include(CMakePackageConfigHelpers)

install(TARGETS strata strata_c EXPORT strata-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/strata DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
install(DIRECTORY data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/strata/data)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/strata)
configure_package_config_file(cmake/strata-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/strata-config.cmake
  INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/strata-config-version.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT strata-targets NAMESPACE strata:: DESTINATION ${config_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/strata-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/strata-config-version.cmake
  DESTINATION ${config_dir})
# The build folder can be used as it is, too: find_package(strata) with strata_DIR pointing at it.
export(EXPORT strata-targets NAMESPACE strata:: FILE ${CMAKE_CURRENT_BINARY_DIR}/strata-targets.cmake)

# Where the library is static alone, what it needs is no private matter: plain `pkg-config --libs` links too.
set(system_libs " -pthread")
if(CMAKE_DL_LIBS)
  string(APPEND system_libs " -l${CMAKE_DL_LIBS}")
endif()
if(BUILD_SHARED_LIBS)
  set(private ".private")
  set(private_libs ${system_libs})
  set(definitions " -DSTRATA_SHARED")
else()
  set(public_libs ${system_libs})
endif()
# All places are told from that of the file, so that the package may be moved.
file(RELATIVE_PATH prefix_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" prefix_from_pc ${prefix_from_pc})
cmake_path(APPEND pc_includedir "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
cmake_path(APPEND pc_libexecdir "\${prefix}" ${CMAKE_INSTALL_LIBEXECDIR})
configure_file(cmake/strata.pc.in ${CMAKE_CURRENT_BINARY_DIR}/strata.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/strata.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
