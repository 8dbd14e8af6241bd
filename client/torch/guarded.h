#pragma once

#include <torch/torch.h>

#include <exception>
#include <string>

#include "covey/base/result.h"

namespace covey::client {

// What `work` gives; an exception of LibTorch or of an app's module becomes an Error, and goes no
// further.
template <typename Work>
auto guarded(const std::string& doing, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const c10::Error& error) {
    return Error{ErrorCode::kInternal,
                 doing + ": LibTorch says: " + error.what_without_backtrace()};
  } catch (const std::exception& error) {
    return Error{ErrorCode::kInternal, doing + ": " + error.what()};
  }
}

}  // namespace covey::client
