#include "covey/shell/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace covey::shell {
namespace {

constexpr int kMostNames = 100;  // that are tried for a file aside

Error failed(const std::string& what, const std::string& path) {
  const int why = errno;
  const auto code = why == ENOENT   ? ErrorCode::kNotFound
                    : why == ENOSPC ? ErrorCode::kResourceExhausted
                                    : ErrorCode::kFailedPrecondition;
  return {code, what + " '" + path + "': " + std::strerror(why)};
}

// Six letters and digits, drawn.
std::string drawn_suffix() {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::array<unsigned char, 6> drawn{};
  // What it does not give stays zero: the name is then taken or not, which is found out anyhow.
  [[maybe_unused]] const ssize_t given = ::getrandom(drawn.data(), drawn.size(), 0);
  std::string suffix;
  for (const unsigned char byte : drawn) suffix += kLetters[byte % kLetters.size()];
  return suffix;
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t most_bytes) {
  COVEY_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::open(path));
  if (file.bytes().size() > most_bytes) {
    return invalid_argument("'" + path + "' has " + std::to_string(file.bytes().size()) +
                            " bytes; at most " + std::to_string(most_bytes) + " are expected");
  }
  return std::string(text_of(file.bytes()));
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed("cannot open", path);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) {
    ::close(descriptor);
    return invalid_argument("'" + path + "' is no regular file");
  }
  const auto size_bytes = static_cast<std::size_t>(about.st_size);
  void* address = nullptr;
  if (size_bytes > 0) address = ::mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const bool is_mapped = address != MAP_FAILED;
  const Error error = is_mapped ? Error{} : failed("cannot read", path);
  ::close(descriptor);
  if (!is_mapped) return error;
  return MappedFile({static_cast<const std::uint8_t*>(address), size_bytes});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  for (int left = kMostNames; left > 0; --left) {
    std::string aside = path + ".part-" + drawn_suffix();
    // With the rights of any new file, as mkstemp would not give it.
    const int descriptor = ::open(aside.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) return AtomicFile(path, std::move(aside), descriptor);
    if (errno != EEXIST) break;
  }
  return failed("cannot write beside", path);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      aside_(std::move(other.aside_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(aside_.c_str());
}

Status AtomicFile::append(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write", aside_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status AtomicFile::finish() {
  if (::fsync(descriptor_) != 0) return failed("cannot make durable", aside_);
  if (::rename(aside_.c_str(), path_.c_str()) != 0) return failed("cannot name", path_);
  ::close(std::exchange(descriptor_, -1));
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  const int parent = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (parent < 0) return failed("cannot open", folder);
  const bool is_durable = ::fsync(parent) == 0;
  const Error error = is_durable ? Error{} : failed("cannot make durable", folder);
  ::close(parent);
  if (!is_durable) return error;
  return {};
}

}  // namespace covey::shell
