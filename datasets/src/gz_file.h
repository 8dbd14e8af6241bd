#pragma once

#include <zlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "covey/base/bytes.h"
#include "covey/base/result.h"

namespace covey::datasets {

// A file that is read from its beginning to its end, gzipped or not. Not thread-safe.
class GzFile {
 public:
  // kNotFound, with the path and how to say another one.
  static Result<GzFile> open(const std::filesystem::path& path);

  // Up to `size_bytes`; fewer only where the file ends. Grows with what is there, not with what a
  // header claims. kInvalidArgument when the file is damaged.
  Result<Bytes> read_up_to(std::uint64_t size_bytes);
  // All that is left. kInvalidArgument too when that is above `most_bytes`.
  Result<std::string> read_text(std::uint64_t most_bytes);

  Error refused(const std::string& why) const;  // names the file

 private:
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  GzFile(std::filesystem::path path, gzFile file) : path_(std::move(path)), file_(file) {}
  template <typename Buffer>
  Result<Buffer> read(std::uint64_t size_bytes);

  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, Close> file_;
};

// `folder`/`name` as it is or, when there is no such file, gzipped: with ".gz" at its end.
std::filesystem::path plain_or_gzipped(const std::filesystem::path& folder,
                                       const std::string& name);

}  // namespace covey::datasets
