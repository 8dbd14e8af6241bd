#include <algorithm>
#include <map>

#include "covey/datasets/text.h"
#include "datasets/src/gz_file.h"
#include "datasets/src/loaded_data.h"

namespace covey::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kDefaultWindow = 80;  // characters, as in [McMahan17]
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 28;
constexpr std::size_t kTestShare = 10;  // one window in so many

// What each speaker says, in the file's order: a speech is its speaker's name and a colon on a line
// after an empty one (or the first), and the lines up to the next.
std::map<std::string, std::string, std::less<>> speeches_by_speaker(std::string_view text) {
  std::map<std::string, std::string, std::less<>> speeches;
  std::string* speech = nullptr;
  bool is_after_empty = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_after_empty && line.size() > 1 && line.ends_with(':')) {
      speech = &speeches[std::string(line.substr(0, line.size() - 1))];
    } else if (!line.empty() && speech != nullptr) {
      speech->append(line).push_back('\n');
    }
    is_after_empty = line.empty();
  }
  return speeches;
}

// A window of `text` from `begin` on, and what follows each of its characters.
void append_window(std::string_view text, std::size_t begin, std::size_t window,
                   Examples& examples) {
  for (std::size_t i = begin; i < begin + window; ++i) {
    examples.features.push_back(static_cast<float>(character_index(text[i])));
    examples.labels.push_back(character_index(text[i + 1]));
  }
}

fs::path text_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) ? plain_or_gzipped(path, "input.txt") : path;
}

}  // namespace

std::int64_t character_index(char character) {
  const std::size_t at = kTextVocabulary.find(character);
  return at == kTextVocabulary.npos ? 0 : static_cast<std::int64_t>(at) + 1;
}

// The windows of a speaker do not overlap, and the last tenth of them is the test set's.
Result<LoadedData> load_text(const fs::path& path, const DataSettings& settings) {
  const auto window =
      static_cast<std::size_t>(settings.window == 0 ? kDefaultWindow : settings.window);
  COVEY_ASSIGN_OR_RETURN(GzFile file, GzFile::open(text_file(path)));
  COVEY_ASSIGN_OR_RETURN(const std::string text, file.read_text(kMostBytes));
  LoadedData data;
  data.name = "text";
  data.key_name = "speaker";
  data.is_sequence = true;
  data.schema = "text 1; features: " + std::to_string(window) +
                " characters, f32 of their index: 0 for unknown, then " +
                std::string(kTextVocabulary) + "; classes: the character after each, 0 to " +
                std::to_string(kTextClasses - 1);
  Examples train{{window}, {}, {}, kTextClasses, window, {}};
  Examples test = train;
  for (const auto& [speaker, speech] : speeches_by_speaker(text)) {
    const std::size_t windows = (speech.size() - std::min<std::size_t>(speech.size(), 1)) / window;
    if (windows == 0) continue;  // who says too little for one
    const std::size_t kept = windows - windows / kTestShare;
    for (std::size_t i = 0; i < windows; ++i) {
      append_window(speech, i * window, window, i < kept ? train : test);
    }
    data.keys.insert(data.keys.end(), kept, static_cast<std::int32_t>(data.key_values.size()));
    data.key_values.push_back(speaker);
  }
  if (train.size() == 0) {
    return file.refused("expected lines 'SPEAKER:', each after an empty line, with more than " +
                        std::to_string(window) + " characters of one speaker below; found none");
  }
  data.train = std::make_shared<const Examples>(std::move(train));
  if (settings.has_test) data.test = Rows::all_of(std::move(test));
  return data;
}

}  // namespace covey::datasets
