#pragma once

#include <filesystem>
#include <fstream>

#include "covey/coordinator/store.h"
#include "support/catch.h"

// What the tests of the store share.
namespace covey::coordinator::testing {

// A folder of this test alone, gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "covey-store-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string store() const { return path_ + "/store"; }
  std::string database() const { return store() + "/covey.db"; }

 private:
  std::string path_;
};

inline std::unique_ptr<Store> opened(const std::string& folder) {
  auto store = open_store({.folder = folder, .reserve_bytes = 0});
  INFO((store ? std::string() : store.error().to_string()));
  REQUIRE(store);
  return *std::move(store);
}

inline Error error_of_opening(const std::string& folder) {
  const auto store = open_store({.folder = folder, .reserve_bytes = 0});
  REQUIRE(!store);
  return store.error();
}

template <typename T>
T valid(Result<T> result) {
  INFO((result ? std::string() : result.error().to_string()));
  REQUIRE(result);
  return *std::move(result);
}
inline void ok(const Status& status) {
  INFO((status ? std::string() : status.error().to_string()));
  REQUIRE(status);
}
template <typename T>
ErrorCode code_of(const Result<T>& result) {
  REQUIRE(!result);
  return result.error().code;
}

inline bool contains(const Error& error, const std::string& words) {
  return error.message.find(words) != std::string::npos;
}

inline std::vector<std::string> files_under(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

inline void overwrite(const std::string& path, std::uint64_t offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file << bytes;
  REQUIRE(file.flush());
}

inline Digest digest_of(std::uint8_t value) {
  Digest digest;
  digest.fill(value);
  return digest;
}

inline TaskRecord sample_task(const std::string& name) {
  return {.name = name,
          .state = TaskState::kPaused,
          .file = "[task]\nname = \"ä\"\n" + std::string("\0", 1),
          .next_round = 7,
          .current_version = 3,
          .strategy_state = digest_of(9),
          .note = "by hand",
          .created_at = -5};
}

inline ModelRecord sample_model(const std::string& task, std::uint64_t version) {
  return {.task = task,
          .version = version,
          .parent = version - 1,
          .round = 4,
          .plan = digest_of(1),
          .digest = digest_of(2),
          .size_bytes = std::uint64_t{1} << 40,
          .participants = 100,
          .metrics = {{"loss", 0.1}, {"accuracy", 1.0 / 3}},
          .created_at = 1'700'000'000'000,
          .is_pruned = true};
}

inline RoundRecord sample_round(const std::string& task, std::uint64_t number) {
  return {.task = task,
          .number = number,
          .state = RoundState::kOpen,
          .phase = "masking",
          .outcome = "",
          .plan = digest_of(3),
          .model = digest_of(4),
          .base_version = 2,
          .new_version = std::nullopt,
          .assigned = 130,
          .cohort = 120,
          .survivors = 110,
          .dropped = 10,
          .recovered = 8,
          .bytes_up = ~std::uint64_t{0},
          .bytes_down = 12,
          .metrics = {},
          .started_at = 1,
          .ended_at = 0,
          .saved = {1, 0, 2}};
}

}  // namespace covey::coordinator::testing
