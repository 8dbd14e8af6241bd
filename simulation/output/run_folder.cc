#include "simulation/output/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "covey/shell/files.h"
#include "simulation/output/durable_lines.h"
#include "simulation/output/result_lines.h"
#include "simulation/output/run_summary.h"

namespace covey::simulation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostRuns = 1'000'000;
constexpr std::size_t kMostTextBytes = std::size_t{1} << 26;
constexpr std::string_view kModelEnding = ".safetensors";
constexpr std::string_view kAside = ".part-";  // as shell::AtomicFile names what is not finished

std::string file_in(const std::string& folder, std::string_view name) {
  return folder + "/" + std::string(name);
}

bool has_run(const std::string& path) {
  std::error_code error;
  return fs::exists(file_in(path, "run.json"), error);
}

// Makes the folder where there is none; the ones above it, too. Says whether there was none.
Result<bool> make_folder(const std::string& path) {
  std::error_code error;
  const bool is_made = fs::create_directories(path, error);
  if (error) return path_error("cannot make the folder", path, error);
  return is_made;
}

// An open descriptor of the folder that no other process has.
Result<int> lock_folder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return path_error("cannot open the folder", path);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  const int why = errno;
  ::close(descriptor);
  if (why != EWOULDBLOCK) return path_error("cannot lock the folder", path);
  return Error{ErrorCode::kFailedPrecondition,
               "another process is at work in '" + path + "'; wait until it has ended"};
}

// Of a file in models/; nothing for one that is not ours.
std::optional<std::uint64_t> version_of(const fs::path& file) {
  const std::string name = file.filename().string();
  if (!name.ends_with(kModelEnding)) return std::nullopt;
  const std::string digits = name.substr(0, name.size() - kModelEnding.size());
  const bool is_number = !digits.empty() && digits.size() < 19 &&
                         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? std::optional(std::stoull(digits)) : std::nullopt;
}

Result<std::vector<RoundResult>> read_results(const std::string& path) {
  std::error_code error;
  std::vector<RoundResult> results;
  COVEY_ASSIGN_OR_RETURN(const shell::MappedFile file, shell::MappedFile::open(path));
  std::string_view text = text_of(file.bytes());
  // What follows the last line's end was being written when the process was killed.
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    auto result = result_from_json(text.substr(0, end));
    const std::string line = "line " + std::to_string(results.size() + 1) + " of '" + path + "'";
    if (!result) return Error{ErrorCode::kDataLoss, line + ": " + result.error().message};
    if (result->round != results.size() + 1) {
      return Error{ErrorCode::kDataLoss,
                   line + " is of round " + std::to_string(result->round) + ": lines are missing"};
    }
    results.push_back(*std::move(result));
    text.remove_prefix(end + 1);
  }
  return results;
}

}  // namespace

Result<RunRecord> read_run(const std::string& path) {
  if (!has_run(path)) {
    return Error{ErrorCode::kNotFound, "there is no run in '" + path + "': it has no run.json"};
  }
  RunRecord record;
  record.path = path;
  const std::string info_path = file_in(path, "run.json");
  COVEY_ASSIGN_OR_RETURN(const std::string json, shell::read_text_file(info_path, kMostTextBytes));
  auto info = run_info_from_json(json);
  if (!info) return Error{info.error().code, "'" + info_path + "': " + info.error().message};
  record.info = *std::move(info);
  COVEY_ASSIGN_OR_RETURN(record.task_text,
                         shell::read_text_file(file_in(path, "task.toml"), kMostTextBytes));
  COVEY_ASSIGN_OR_RETURN(record.results, read_results(file_in(path, "metrics.jsonl")));
  return record;
}

Result<std::string> make_numbered_folder(const std::string& name) {
  COVEY_RETURN_IF_ERROR(make_folder("runs"));
  for (std::size_t number = 1; number < kMostRuns; ++number) {
    std::string path = "runs/" + name + "-" + std::to_string(number);
    std::error_code error;
    if (fs::create_directory(path, error)) return path;
    if (error) return path_error("cannot make the folder", path, error);
  }
  return Error{ErrorCode::kResourceExhausted,
               "there are too many runs in 'runs'; give one a name "
               "with --out"};
}

std::string model_path(const std::string& folder, std::uint64_t version) {
  std::array<char, 32> buffer;
  std::snprintf(buffer.data(), buffer.size(), "%06llu", static_cast<unsigned long long>(version));
  return folder + "/models/" + buffer.data() + std::string(kModelEnding);
}

RunFolder::RunFolder(std::string path, int descriptor) : descriptor_(descriptor) {
  record_.path = std::move(path);
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : record_(std::move(other.record_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      is_to_go_(other.is_to_go_) {}

RunFolder::~RunFolder() {
  if (descriptor_ < 0) return;
  if (is_to_go_) ::rmdir(record_.path.c_str());  // does nothing where there is something in it
  ::close(descriptor_);
}

Result<RunFolder> RunFolder::create(const std::string& path, const std::string& name) {
  std::string place = path;
  bool is_made = true;
  if (place.empty()) {
    COVEY_ASSIGN_OR_RETURN(place, make_numbered_folder(name));
  } else {
    COVEY_ASSIGN_OR_RETURN(is_made, make_folder(place));
  }
  COVEY_ASSIGN_OR_RETURN(const int descriptor, lock_folder(place));
  RunFolder folder(place, descriptor);
  folder.is_to_go_ = is_made;
  if (!has_run(place)) return folder;
  return Error{ErrorCode::kAlreadyExists, "there is a run in '" + place +
                                              "'; go on with it (--resume), or name another "
                                              "folder (--out)"};
}

Result<RunFolder> RunFolder::open(const std::string& path) {
  if (!has_run(path)) return read_run(path).error();
  COVEY_ASSIGN_OR_RETURN(const int descriptor, lock_folder(path));
  RunFolder folder(path, descriptor);
  COVEY_ASSIGN_OR_RETURN(folder.record_, read_run(path));
  return folder;
}

std::string RunFolder::path_of(std::string_view name) const { return file_in(path(), name); }

// run.json comes last: with it, there is a run.
Status RunFolder::begin(RunInfo info, std::string task_text, ByteView first_model) {
  is_to_go_ = false;
  record_.info = std::move(info);
  COVEY_RETURN_IF_ERROR(make_folder(path_of("models")));
  COVEY_RETURN_IF_ERROR(set_task_text(std::move(task_text)));
  std::error_code error;  // what a run that was killed before it began has left
  fs::remove(path_of("state"), error);
  COVEY_RETURN_IF_ERROR(remove_models(0));
  COVEY_RETURN_IF_ERROR(write_whole(model_path(path(), 1), first_model));
  COVEY_RETURN_IF_ERROR(write_metrics());
  return write_whole(path_of("run.json"), view_of(json_of(record_.info)));
}

Result<std::optional<Bytes>> RunFolder::state() const {
  const std::string place = path_of("state");
  std::error_code error;
  if (!fs::exists(place, error)) return std::optional<Bytes>();
  COVEY_ASSIGN_OR_RETURN(const shell::MappedFile file, shell::MappedFile::open(place));
  return std::optional(to_bytes(file.bytes()));
}

Status RunFolder::rewind(std::uint64_t round) {
  std::vector<RoundResult>& results = record_.results;
  if (results.size() < round) {
    return Error{ErrorCode::kDataLoss, "'" + path_of("metrics.jsonl") + "' ends at round " +
                                           std::to_string(results.size()) + ", the state is of " +
                                           std::to_string(round) + ": lines are missing"};
  }
  results.resize(round);
  remove_parts();
  COVEY_RETURN_IF_ERROR(write_metrics());
  return remove_models(0);
}

Status RunFolder::append(const RoundResult& result, ByteView model_file, ByteView state,
                         std::uint64_t keep_models) {
  const std::uint64_t before = record_.results.empty() ? 1 : record_.results.back().version;
  if (result.version != before) {
    COVEY_RETURN_IF_ERROR(write_whole(model_path(path(), result.version), model_file));
  }
  COVEY_RETURN_IF_ERROR(
      append_line(path_of("metrics.csv"), csv_line_of(result, record_.info.metrics)));
  COVEY_RETURN_IF_ERROR(append_line(path_of("metrics.jsonl"), json_line_of(result)));
  COVEY_RETURN_IF_ERROR(write_whole(path_of("state"), state));
  record_.results.push_back(result);
  return keep_models > 0 ? remove_models(keep_models) : Status();
}

Status RunFolder::set_info(RunInfo info) {
  record_.info = std::move(info);
  return write_whole(path_of("run.json"), view_of(json_of(record_.info)));
}

Status RunFolder::set_task_text(std::string text) {
  record_.task_text = std::move(text);
  return write_whole(path_of("task.toml"), view_of(record_.task_text));
}

Status RunFolder::write_report(std::string_view html) {
  return write_whole(path_of("report.html"), view_of(html));
}

// What a write that was cut off has left beside its place.
void RunFolder::remove_parts() const {
  std::error_code error;
  for (const std::string& folder : {path(), path_of("models")}) {
    std::vector<fs::path> parts;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().filename().string().find(kAside) != std::string::npos) {
        parts.push_back(entry->path());
      }
    }
    for (const fs::path& part : parts) fs::remove(part, error);  // no harm where it cannot be
  }
}

// Both files anew, from the results.
Status RunFolder::write_metrics() {
  std::string csv = csv_header(record_.info.metrics) + "\n";
  std::string json;
  for (const RoundResult& result : record_.results) {
    csv += csv_line_of(result, record_.info.metrics) + "\n";
    json += json_line_of(result) + "\n";
  }
  COVEY_RETURN_IF_ERROR(write_whole(path_of("metrics.csv"), view_of(csv)));
  return write_whole(path_of("metrics.jsonl"), view_of(json));
}

// Versions after the last round's, and, unless `keep_models` is 0, all but that many newest ones,
// the first and the best.
Status RunFolder::remove_models(std::uint64_t keep_models) const {
  const std::uint64_t newest = record_.results.empty() ? 1 : record_.results.back().version;
  const auto best = summary_of(record_.info, record_.results).best;
  std::error_code error;
  std::vector<fs::path> leaving;
  for (fs::directory_iterator entry(path_of("models"), error), end; !error && entry != end;
       entry.increment(error)) {
    const auto version = version_of(entry->path());
    if (!version) continue;
    const bool is_kept = *version == 1 || (best && *version == best->version) || keep_models == 0 ||
                         *version + keep_models > newest;
    if (*version > newest || !is_kept) leaving.push_back(entry->path());
  }
  if (error) return path_error("cannot list", path_of("models"), error);
  for (const fs::path& file : leaving) {
    fs::remove(file, error);
    if (error) return path_error("cannot remove", file.string(), error);
  }
  return {};
}

}  // namespace covey::simulation
