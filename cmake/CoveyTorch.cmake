# covey_find_torch(): sets COVEY_HAS_TORCH, as COVEY_WITH_TORCH asks. A function, so that what LibTorch's configuration sets for
# its users (compiler flags, caffe2's variables) stays in here; its targets are global.
function(covey_find_torch)
  set(COVEY_HAS_TORCH OFF PARENT_SCOPE)
  if(COVEY_DEVICE_ONLY OR COVEY_WITH_TORCH STREQUAL "OFF")
    return()
  endif()
  if(COVEY_WITH_TORCH STREQUAL "ON")
    find_package(Torch REQUIRED GLOBAL)
  else()
    set(CMAKE_MESSAGE_LOG_LEVEL WARNING)  # a machine without it is no news
    find_package(Torch QUIET GLOBAL)
  endif()
  if(TARGET torch)
    set(COVEY_HAS_TORCH ON PARENT_SCOPE)
  endif()
endfunction()
