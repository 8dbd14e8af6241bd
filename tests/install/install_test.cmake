# cmake -DBUILD_DIR=… -DGENERATOR=… -DCOMPILER=… -P install_test.cmake
# What is installed is enough for a project elsewhere, and holds nothing that nobody should get by accident.

cmake_minimum_required(VERSION 3.25)

set(prefix "${BUILD_DIR}/install-test/prefix")
set(consumer "${BUILD_DIR}/install-test/consumer")
file(REMOVE_RECURSE "${prefix}" "${consumer}")

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${output}")
  endif()
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${prefix}")

file(GLOB_RECURSE unwanted "${prefix}/*insecure*" "${prefix}/*.pb.h" "${prefix}/*_test*")
if(unwanted)
  message(FATAL_ERROR "installed, but private: ${unwanted}")
endif()
run("${prefix}/bin/covey-secagg-parameters" --help)

run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${consumer}" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_BUILD_TYPE=Debug)
run("${CMAKE_COMMAND}" --build "${consumer}")
run("${consumer}/device_static")
run("${consumer}/device_shared")

# The example of an app that links the device library alone, and again on what the first run has stored.
set(embedded "${BUILD_DIR}/install-test/embed_minimal")
file(REMOVE_RECURSE "${embedded}")
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/../../examples/embed_minimal" -B "${embedded}" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_BUILD_TYPE=Debug)
run("${CMAKE_COMMAND}" --build "${embedded}")
run("${embedded}/embed-minimal" "${embedded}/storage")
run("${embedded}/embed-minimal" "${embedded}/storage")
