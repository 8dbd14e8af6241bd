#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

namespace covey::testing {

// A disk of a few MiB at a folder, made for one test: it can be filled, and parts of it can be made
// read-only. What is on it goes with it.
class SmallDisk {
 public:
  // Null when this process may not mount; then that is in the table as what was not run.
  // `unshare -Urm PROGRAM` makes anybody one who may.
  static std::unique_ptr<SmallDisk> mount(const std::filesystem::path& folder,
                                          std::uint64_t mebibytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;

  void fill(std::uint64_t left_bytes = 0);  // until no more is left
  void make_room();                         // as it was before
  std::uint64_t free_bytes() const;

  // A folder of the disk, while nothing in it is open.
  void make_read_only(const std::filesystem::path& folder);
  void make_writable(const std::filesystem::path& folder);

 private:
  explicit SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path folder_;
};

}  // namespace covey::testing
