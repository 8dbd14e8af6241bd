#include "coordinator/store/session_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "covey/crypto/digest.h"

namespace covey::coordinator {
namespace {

constexpr std::size_t kLongestName = 200;  // file systems end at 255
constexpr std::size_t kDigestBytes = std::tuple_size_v<Digest>;

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

std::string name_of_session(std::uint64_t round, std::uint32_t group) {
  return std::to_string(round) + "-" + std::to_string(group);
}

}  // namespace

std::string encoded_task(const std::string& task) {
  if (task.empty()) return "%";
  std::string name;
  for (const char c : task) {
    const auto byte = static_cast<std::uint8_t>(c);
    name += is_plain(c) ? std::string(1, c) : "%" + to_hex(ByteView(&byte, 1));
  }
  if (name.size() <= kLongestName) return name;
  return "%sha256-" + to_hex(crypto::sha256(view_of(task)));  // no byte is encoded as %sh
}

Status SessionFolder::put(const std::string& task, std::uint64_t round, std::uint32_t group,
                          ByteView saved) {
  const std::string folder = folder_of(task);
  COVEY_RETURN_IF_ERROR(make_folder(folder));
  COVEY_ASSIGN_OR_RETURN(IncomingFile file, IncomingFile::create(incoming_));
  COVEY_RETURN_IF_ERROR(file.append(crypto::sha256(saved)));
  COVEY_RETURN_IF_ERROR(file.append(saved));
  return file.publish(folder, name_of_session(round, group));
}

Result<std::optional<Bytes>> SessionFolder::get(const std::string& task, std::uint64_t round,
                                                std::uint32_t group) const {
  const std::string path = folder_of(task) + "/" + name_of_session(round, group);
  Result<Bytes> read = read_whole(path);
  if (!read && read.error().code == ErrorCode::kNotFound) return std::optional<Bytes>();
  COVEY_ASSIGN_OR_RETURN(Bytes bytes, std::move(read));
  const ByteView saved = ByteView(bytes).subspan(std::min(bytes.size(), kDigestBytes));
  const Digest digest = crypto::sha256(saved);
  if (bytes.size() < kDigestBytes || !std::equal(digest.begin(), digest.end(), bytes.begin())) {
    return Error{ErrorCode::kDataLoss, "the saved session " + path +
                                           " is damaged: its round cannot go on and is to be "
                                           "aborted"};
  }
  bytes.erase(bytes.begin(), bytes.begin() + kDigestBytes);
  return std::optional(std::move(bytes));
}

Status SessionFolder::remove(const std::string& task, std::uint64_t round) {
  const std::string folder = folder_of(task);
  const std::string start = std::to_string(round) + "-";
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->path().filename().string().starts_with(start)) continue;
    if (::unlink(entry->path().c_str()) != 0) return file_error("removing", entry->path());
  }
  if (!error || error == std::errc::no_such_file_or_directory) return {};
  errno = error.value();
  return file_error("listing the folder", folder);
}

std::string SessionFolder::folder_of(const std::string& task) const {
  return sessions_ + "/" + encoded_task(task);
}

}  // namespace covey::coordinator
