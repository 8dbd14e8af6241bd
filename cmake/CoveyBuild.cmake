# What every target of Covey is built with, and the helpers that say a target in a few lines.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(COVEY_CCACHE ccache)
if(COVEY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${COVEY_CCACHE}")
endif()
find_program(COVEY_MOLD mold)
if(COVEY_MOLD AND NOT COVEY_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

# The whole build is instrumented or none of it is.
if(COVEY_SANITIZE)
  add_compile_options(-fsanitize=${COVEY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${COVEY_SANITIZE})
endif()

# What a shared library exports is said once, in its version script; the linker throws away what that does not reach.
# Nobody replaces our functions at load time, so the compiler may inline them across translation units' borders as if they
# were hidden.
add_compile_options(-ffunction-sections -fdata-sections -fno-semantic-interposition)
add_link_options(-Wl,--gc-sections)

add_library(covey_warnings INTERFACE)
target_compile_options(covey_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Werror)
# With -O3 gcc 12 takes "literal" + std::string for a copy over itself (GCC bug 105651, mended in 13).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(covey_warnings INTERFACE $<$<CONFIG:Release>:-Wno-restrict>)
endif()

# covey_library(name [NOT_INSTALLED] SOURCES … HEADERS … [PUBLIC libs…] [PRIVATE libs…])
# HEADERS are public, relative to include/, and each is compiled alone by the target all_verify_interface_header_sets, which
# preset dev builds. The target is covey::<name without covey_> here and, unless NOT_INSTALLED, out of tree.
function(covey_library name)
  cmake_parse_arguments(ARG "NOT_INSTALLED" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  list(TRANSFORM ARG_HEADERS PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/include/")
  add_library(${name} STATIC ${ARG_SOURCES})
  string(REGEX REPLACE "^covey_" "" short "${name}")
  add_library(covey::${short} ALIAS ${name})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${CMAKE_CURRENT_SOURCE_DIR}/include"
                                FILES ${ARG_HEADERS})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:covey_warnings>)
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short} VERIFY_INTERFACE_HEADER_SETS ON)
  if(NOT ARG_NOT_INSTALLED)
    set_property(GLOBAL APPEND PROPERTY COVEY_INSTALLED_LIBRARIES ${name})
  endif()
endfunction()
