# Strata inside another project's tree: configures, and brings neither its tests nor its program.
execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/install/subproject -B ${WORK} -DSTRATA_SOURCE=${SOURCE}
  -DCMAKE_CXX_COMPILER=${CXX} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${output}")
endif()
