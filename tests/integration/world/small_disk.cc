#include "integration/world/small_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "covey/base/check.h"
#include "integration/world/deeds.h"

namespace covey::testing {

namespace {

constexpr std::uint64_t kPieceBytes = 4096;
constexpr const char* kBallast = "ballast";

}  // namespace

std::unique_ptr<SmallDisk> SmallDisk::mount(const std::filesystem::path& folder,
                                            std::uint64_t mebibytes) {
  std::filesystem::create_directories(folder);
  const std::string options = "mode=0700,size=" + std::to_string(mebibytes) + "m";
  if (::mount("covey-test", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    did("not run: may not mount");
    return nullptr;
  }
  return std::unique_ptr<SmallDisk>(new SmallDisk(folder));
}

// Whoever still has files open on it keeps them.
SmallDisk::~SmallDisk() { ::umount2(folder_.c_str(), MNT_DETACH); }

std::uint64_t SmallDisk::free_bytes() const {
  struct statvfs about {};
  COVEY_CHECK(::statvfs(folder_.c_str(), &about) == 0);  // it is mounted
  return std::uint64_t{about.f_bavail} * about.f_frsize;
}

void SmallDisk::fill(std::uint64_t left_bytes) {
  const int file =
      ::open((folder_ / kBallast).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  COVEY_CHECK(file >= 0);  // an empty file takes no room
  const std::vector<char> piece(kPieceBytes, 'x');
  while (free_bytes() >= left_bytes + kPieceBytes) {
    if (::write(file, piece.data(), piece.size()) <= 0) break;  // another was faster
  }
  ::close(file);
  did("disks filled");
}

void SmallDisk::make_room() { std::filesystem::remove(folder_ / kBallast); }

void SmallDisk::make_read_only(const std::filesystem::path& folder) {
  const char* const path = folder.c_str();
  COVEY_CHECK(::mount(path, path, nullptr, MS_BIND, nullptr) == 0);  // who may mount may do this
  COVEY_CHECK(::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  did("disks made read-only");
}

void SmallDisk::make_writable(const std::filesystem::path& folder) {
  COVEY_CHECK(::umount2(folder.c_str(), MNT_DETACH) == 0);  // it was made read-only
}

}  // namespace covey::testing
