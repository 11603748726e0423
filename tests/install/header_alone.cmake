# Every public header compiles alone.
file(GLOB headers ${SOURCE}/include/strata/*.h*)
foreach(header IN LISTS headers)
  file(WRITE ${WORK}/alone.cpp "#include \"${header}\"\n")
  execute_process(COMMAND ${CXX} -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I ${SOURCE}/include ${WORK}/alone.cpp
    RESULT_VARIABLE result ERROR_VARIABLE error)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${header} does not compile alone:\n${error}")
  endif()
endforeach()
foreach(case 0 1 2 3 4)
  execute_process(COMMAND ${CXX} -std=c++20 -Wall -Werror -DCASE=${case} -fsyntax-only -I ${SOURCE}/include
    ${SOURCE}/tests/install/must_not_compile/misuse.cpp RESULT_VARIABLE result ERROR_VARIABLE error)
  if(case EQUAL 0 AND NOT result EQUAL 0)
    message(FATAL_ERROR "the file without a fault does not compile:\n${error}")
  elseif(case GREATER 0 AND result EQUAL 0)
    message(FATAL_ERROR "misuse ${case} compiles")
  endif()
endforeach()
