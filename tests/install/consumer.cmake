# Installs a built tree into an empty folder, builds the consumer against that, and runs it. With OPTIONS the tree is built
# first, with these options; SHARED says that the library is a shared one.
unset(ENV{STRATA_DECODE})
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGV}\n${output}")
  endif()
  message(STATUS "${output}")
endfunction()

function(build source prefix folder)
  run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/${source} -B ${folder} -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS} -DCMAKE_C_COMPILER=${CC} -DCMAKE_C_FLAGS=${FLAGS})
  run(${CMAKE_COMMAND} --build ${folder})
endfunction()

# Somebody who has no CMake; the package may have been moved.
function(build_by_pkg_config prefix program)
  file(GLOB_RECURSE package ${prefix}/strata.pc)
  cmake_path(GET package PARENT_PATH folder)
  set(ENV{PKG_CONFIG_PATH} ${folder})
  set(decoder "-DSTRATA_DECODE_PROGRAM=\"\\\"$(pkg-config --variable=decoder strata)\\\"\"")
  if(SHARED)
    set(decoder "-Wl,-rpath,${folder}/..")
  endif()
  run(sh -ec "${CXX} -std=c++20 ${FLAGS} ${SOURCE}/tests/install/consumer/main.cpp -o ${program} ${decoder} \
    -DPACKAGE_VERSION=\"\\\"$(pkg-config --modversion strata)\\\"\" $(pkg-config --cflags --libs strata)")
  # What the library needs is asked for where it is static, and nowhere else.
  foreach(asked "--libs" "--libs --static")
    execute_process(COMMAND sh -c "pkg-config ${asked} strata" OUTPUT_VARIABLE libs)
    set(wanted ON)
    if(SHARED AND NOT asked MATCHES "static")
      set(wanted OFF)
    endif()
    if((libs MATCHES " -lz" AND NOT wanted) OR (wanted AND NOT libs MATCHES " -lz"))
      message(FATAL_ERROR "pkg-config ${asked} strata: ${libs}")
    endif()
  endforeach()
endfunction()

file(REMOVE_RECURSE ${WORK})
if(OPTIONS)
  run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${BUILD} -DCMAKE_CXX_COMPILER=${CXX} ${OPTIONS})
  run(${CMAKE_COMMAND} --build ${BUILD})
endif()
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
# 2×2 grey pixels: 0 255 / 255 0
set(picture ${WORK}/picture.png)
run(sh -c "echo iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADElEQVR42mNg+A+EAAYAAf+tLDclAAAAAElFTkSuQmCC | base64 -d > ${picture}")
set(files ${SOURCE}/data/breast_cancer.csv ${WORK}/consumer.strata ${picture})

# A program in another folder finds the helper of the package that it was built with.
build(tests/install/consumer ${WORK}/prefix ${WORK}/build)
set(consumer ${WORK}/build/consumer ${files})
run(${consumer})
# What the library has of fmt is its own: no symbol of it has a name that another fmt's has.
run(${WORK}/build/another_fmt)
if(SHARED)
  file(GLOB_RECURSE library ${WORK}/prefix/libstrata.so)
  run(${PYTHON} ${SOURCE}/tests/install/symbols.py ${library} ${WORK}/prefix/include/strata ${NM} ${READELF})
else()
  file(GLOB_RECURSE library ${WORK}/prefix/lib*/libstrata.a)
  execute_process(COMMAND ${NM} --demangle --defined-only ${library} RESULT_VARIABLE result OUTPUT_VARIABLE symbols ERROR_QUIET)
  string(REGEX MATCHALL "[^\n]*fmt::v[0-9]+[^\n]*" plain "${symbols}")
  if(NOT result EQUAL 0 OR NOT symbols MATCHES "fmt::of_strata::" OR plain)
    message(FATAL_ERROR "nm ${library}: expected the symbols of fmt in fmt::of_strata alone, found\n${plain}")
  endif()
endif()
# The installed program finds its helper and its data, wherever it was installed.
run(${WORK}/prefix/bin/strata doctor)
run(${WORK}/prefix/bin/strata inspect ${WORK}/consumer.strata)

# Where the package is moved, who builds with it then is told the new place.
file(RENAME ${WORK}/prefix ${WORK}/moved)
if(NOT SHARED)
  execute_process(COMMAND ${consumer} RESULT_VARIABLE result ERROR_VARIABLE error)
  if(NOT result EQUAL 0 AND NOT error MATCHES "${WORK}/prefix/libexec/strata/strata-decode")  # 0: another Strata is installed
    message(FATAL_ERROR "expected the place of the helper that is gone, found: ${error}")
  endif()
endif()
build(tests/install/consumer ${WORK}/moved ${WORK}/build-moved)
build(examples ${WORK}/moved ${WORK}/build-examples)
run(${WORK}/build-examples/examples/7-arrays)
run(${WORK}/build-examples/examples/8-c)
run(${WORK}/build-moved/consumer ${files})
run(${WORK}/moved/bin/strata doctor)
build_by_pkg_config(${WORK}/moved ${WORK}/by-pkg-config)
run(${WORK}/by-pkg-config ${files})

# A module that holds the library finds the helper from where it lies itself, whichever program loads it, and wherever both
# were moved. One that uses a shared library may lie anywhere: it is found from where that lies.
if(SHARED)
  run(${WORK}/build-moved/host ${WORK}/build-moved/libmodule.so ${picture} 1)
else()
  foreach(folder lib lib/some-processor)
    file(COPY ${WORK}/build-moved/libmodule.so DESTINATION ${WORK}/moved/${folder})
    run(${WORK}/build-moved/host ${WORK}/moved/${folder}/libmodule.so ${picture} 1)
  endforeach()
endif()
