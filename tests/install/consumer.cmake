# Installs the built tree into an empty folder, builds the consumer against that, and runs it.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGV}\n${output}")
  endif()
  message(STATUS "${output}")
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/install/consumer -B ${WORK}/build -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer ${SOURCE}/data/breast_cancer.csv ${WORK}/consumer.strata)
# fmt in the library is ours alone: no symbol of it has a name that another fmt's has.
run(${WORK}/build/another_fmt)
file(GLOB_RECURSE library ${WORK}/prefix/lib*/libstrata.a)
execute_process(COMMAND ${NM} --demangle --defined-only ${library} RESULT_VARIABLE result OUTPUT_VARIABLE symbols ERROR_QUIET)
string(REGEX MATCHALL "[^\n]*fmt::v[0-9]+[^\n]*" plain "${symbols}")
if(NOT result EQUAL 0 OR NOT symbols MATCHES "fmt::of_strata::" OR plain)
  message(FATAL_ERROR "nm ${library}: expected the symbols of fmt in fmt::of_strata alone, found\n${plain}")
endif()
# The installed program finds its helper and its data, wherever it was installed.
run(${WORK}/prefix/bin/strata doctor)
run(${WORK}/prefix/bin/strata inspect ${WORK}/consumer.strata)
