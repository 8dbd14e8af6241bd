# cmake -DFILE=… -DSTRIP=… -DLIMIT_BYTES=… -P ReportSize.cmake
# Prints how large the library is once stripped, and fails when that is above the limit.

cmake_minimum_required(VERSION 3.25)

set(stripped "${FILE}.stripped")
execute_process(COMMAND "${STRIP}" --strip-all -o "${stripped}" "${FILE}" COMMAND_ERROR_IS_FATAL ANY)
file(SIZE "${stripped}" size_bytes)
file(REMOVE "${stripped}")

cmake_path(GET FILE FILENAME name)
math(EXPR size_kib "(${size_bytes} + 1023) / 1024")
math(EXPR limit_kib "${LIMIT_BYTES} / 1024")
if(size_bytes GREATER LIMIT_BYTES)
  message(FATAL_ERROR "${name} has ${size_kib} KiB stripped, above its limit of ${limit_kib} KiB")
endif()
message("${name}: ${size_kib} KiB stripped, of at most ${limit_kib} KiB")
