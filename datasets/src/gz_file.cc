#include "datasets/src/gz_file.h"

#include <algorithm>

namespace covey::datasets {

Result<GzFile> GzFile::open(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  const gzFile file = is_folder ? nullptr : gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    return Error{ErrorCode::kNotFound,
                 "'" + path.string() + "' cannot be opened" +
                     (is_folder ? ": it is a folder" : "") +
                     "; `path` in [data] says where the data is or, without it, COVEY_DATA_DIR the "
                     "folder that has one for each dataset"};
  }
  gzbuffer(file, 1u << 18);
  return GzFile(path, file);
}

Error GzFile::refused(const std::string& why) const {
  return invalid_argument("'" + path_.string() + "': " + why);
}

// gzread passes a file through that is not gzipped.
template <typename Buffer>
Result<Buffer> GzFile::read(std::uint64_t size_bytes) {
  constexpr std::uint64_t kStep = std::uint64_t{1} << 20;
  Buffer bytes;
  while (bytes.size() < size_bytes) {
    const auto step = static_cast<unsigned>(std::min(kStep, size_bytes - bytes.size()));
    const std::size_t have = bytes.size();
    bytes.resize(have + step);
    const int got = gzread(file_.get(), bytes.data() + have, step);
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      return refused("reading failed: the file is damaged or cut short");
    }
    bytes.resize(have + static_cast<std::size_t>(got));
    if (got == 0) break;
  }
  return bytes;
}

Result<Bytes> GzFile::read_up_to(std::uint64_t size_bytes) { return read<Bytes>(size_bytes); }

Result<std::string> GzFile::read_text(std::uint64_t most_bytes) {
  COVEY_ASSIGN_OR_RETURN(std::string text, read<std::string>(most_bytes + 1));
  if (text.size() > most_bytes) {
    return refused("expected at most " + std::to_string(most_bytes) + " bytes of text, found more");
  }
  return text;
}

std::filesystem::path plain_or_gzipped(const std::filesystem::path& folder,
                                       const std::string& name) {
  std::filesystem::path plain = folder / name;
  std::error_code ignored;
  return std::filesystem::exists(plain, ignored) ? plain : folder / (name + ".gz");
}

}  // namespace covey::datasets
