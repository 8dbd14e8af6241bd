# cmake -DNM=… -DLIBRARY=… -P exports_test.cmake
# The device library exports Covey's device API and nothing else, and the coordinator's half is not even inside.

cmake_minimum_required(VERSION 3.25)

# symbols(out options…): what nm prints of the library's own symbols, a list of lines "address type name".
function(symbols out)
  execute_process(COMMAND "${NM}" -C --defined-only ${ARGN} "${LIBRARY}" OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE ";" "," lines "${lines}")
  string(REGEX REPLACE "[][]" "|" lines "${lines}")  # CMake's lists take brackets together
  string(REPLACE "\n" ";" lines "${lines}")
  set(${out} "${lines}" PARENT_SCOPE)
endfunction()

set(failures "")

symbols(exported --dynamic)
foreach(line IN LISTS exported)
  if(NOT line MATCHES "^$|^[0-9a-f]* [a-zA-Z] (vtable for |typeinfo for )?covey::(crypto::|ring::|secagg::)?[^:]")
    list(APPEND failures "exported, but not ours: ${line}")
  endif()
endforeach()
foreach(wanted "secagg::ClientSession::create" "secagg::ClientSession::~ClientSession" "ring::encode_update"
               "client::Agent::create" "client::Participant::step" "client::FileStorage::put" "plan::Plan::from_bytes"
               "model::write_model"
               "crypto::SystemRandom::fill")
  if(NOT exported MATCHES "covey::${wanted}")
    list(APPEND failures "not exported: covey::${wanted}")
  endif()
endforeach()

symbols(inside)
if(NOT inside MATCHES "covey::secagg::ClientSession::Core::")
  list(APPEND failures "the library is stripped: nothing can be said about what is inside")
endif()
set(coordinators "CoordinatorSession|SeedRecovery|Unmasker|MaskedSum|reconstruct_correcting|LagrangeWeights|find_parameters|CertificateAuthority|decode_sum|InsecureSeededRandom")
foreach(line IN LISTS inside)
  # "a": what mold leaves of a symbol whose section it threw away.
  if(line MATCHES "^[0-9a-f]* [^a] .*covey::.*(${coordinators})")
    list(APPEND failures "inside, but the coordinator's: ${line}")
  endif()
endforeach()

if(failures)
  list(JOIN failures "\n  " failures)
  message(FATAL_ERROR "${LIBRARY}:\n  ${failures}")
endif()
