#pragma once

#include "coordinator/store/durable_file.h"

namespace covey::coordinator {

// Keeps a folder for this process, while it lives: a flock on the file `lock` in it, which the
// kernel lets go of however the process ends.
class FolderLock {
 public:
  // kFailedPrecondition when another has it.
  static Result<FolderLock> take(const std::string& folder);

 private:
  explicit FolderLock(File file) : file_(std::move(file)) {}

  File file_;
};

}  // namespace covey::coordinator
