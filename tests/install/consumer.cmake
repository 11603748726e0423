# Installs the built tree into an empty folder, builds the consumer against that, and runs it.
unset(ENV{STRATA_DECODE})
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGV}\n${output}")
  endif()
  message(STATUS "${output}")
endfunction()

function(build prefix folder)
  run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/install/consumer -B ${folder} -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS})
  run(${CMAKE_COMMAND} --build ${folder})
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
# 2×2 grey pixels: 0 255 / 255 0
set(picture ${WORK}/picture.png)
run(sh -c "echo iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADElEQVR42mNg+A+EAAYAAf+tLDclAAAAAElFTkSuQmCC | base64 -d > ${picture}")

# A program in another folder finds the helper of the package that it was built with.
build(${WORK}/prefix ${WORK}/build)
set(consumer ${WORK}/build/consumer ${SOURCE}/data/breast_cancer.csv ${WORK}/consumer.strata ${picture})
run(${consumer})
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

# Where the package is moved, who builds with it then is told the new place.
file(RENAME ${WORK}/prefix ${WORK}/moved)
execute_process(COMMAND ${consumer} RESULT_VARIABLE result ERROR_VARIABLE error)
if(NOT result EQUAL 0 AND NOT error MATCHES "${WORK}/prefix/libexec/strata/strata-decode")  # 0: another Strata is installed
  message(FATAL_ERROR "expected the place of the helper that is gone, found: ${error}")
endif()
build(${WORK}/moved ${WORK}/build-moved)
run(${WORK}/build-moved/consumer ${SOURCE}/data/breast_cancer.csv ${WORK}/consumer.strata ${picture})
run(${WORK}/moved/bin/strata doctor)

# A module finds the helper from where it lies itself, whichever program loads it, and wherever both were moved.
foreach(folder lib lib/some-processor)
  file(COPY ${WORK}/build-moved/libmodule.so DESTINATION ${WORK}/moved/${folder})
  run(${WORK}/build-moved/host ${WORK}/moved/${folder}/libmodule.so ${picture} 1)
endforeach()
