# cmake --install: the library, its headers, the program and its helper, the data of the demo, and find_package(strata).
include(CMakePackageConfigHelpers)

install(TARGETS strata EXPORT strata-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/strata DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
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
