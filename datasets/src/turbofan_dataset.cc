#include <algorithm>
#include <array>

#include "datasets/src/gz_file.h"
#include "datasets/src/loaded_data.h"
#include "datasets/src/number_text.h"

namespace covey::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kColumns = 26;  // engine, cycle, 3 settings, 21 sensors
constexpr std::uint64_t kDefaultWindow = 30;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 26;
constexpr double kMostLife = 125;  // cycles: before that an engine shows no wear [Heimes08]

// The sensors of FD001 that vary, and their lowest and highest value over its training engines:
// constants, so that every device scales alike and nothing of the test engines leaks in.
struct Sensor {
  std::size_t column;  // counted from 0
  double low;
  double high;
};
constexpr std::array kSensors = {
    Sensor{6, 641.21, 644.53},    Sensor{7, 1571.04, 1616.91},  Sensor{8, 1382.25, 1441.49},
    Sensor{11, 549.85, 556.06},   Sensor{12, 2387.90, 2388.56}, Sensor{13, 9021.73, 9244.59},
    Sensor{15, 46.85, 48.53},     Sensor{16, 518.69, 523.38},   Sensor{17, 2387.88, 2388.56},
    Sensor{18, 8099.94, 8293.72}, Sensor{19, 8.3249, 8.5848},   Sensor{21, 388, 400},
    Sensor{24, 38.14, 39.43},     Sensor{25, 22.8942, 23.6184},
};

using Cycle = std::array<float, kSensors.size()>;
struct Engine {
  std::int32_t number = 0;
  std::vector<Cycle> cycles;
};

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view kBlanks = " \t\r";
  for (std::size_t at = line.find_first_not_of(kBlanks); at != line.npos;
       at = line.find_first_not_of(kBlanks, at)) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

// The numbers of each line, `columns` of them.
Result<std::vector<std::vector<double>>> read_numbers(const fs::path& path, std::size_t columns) {
  COVEY_ASSIGN_OR_RETURN(GzFile file, GzFile::open(path));
  COVEY_ASSIGN_OR_RETURN(const std::string content, file.read_text(kMostBytes));
  std::vector<std::vector<double>> rows;
  std::string_view text = content;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::vector<double> row;
    for (const std::string_view word : words_of(text.substr(0, end))) {
      const auto number = number_of(word);
      if (!number) return file.refused("line " + std::to_string(line) + ": a word is no number");
      row.push_back(*number);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
    if (row.size() != columns) {
      return file.refused("line " + std::to_string(line) + ": expected " +
                          count_of(columns, "number") + ", found " + std::to_string(row.size()));
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return file.refused("expected lines of numbers, found none");
  return rows;
}

Result<std::vector<Engine>> read_engines(const fs::path& path) {
  COVEY_ASSIGN_OR_RETURN(const auto rows, read_numbers(path, kColumns));
  std::vector<Engine> engines;
  for (std::size_t line = 1; line <= rows.size(); ++line) {
    const std::vector<double>& row = rows[line - 1];
    const bool is_next = engines.empty() || row[0] != engines.back().number;
    const double number = is_next ? static_cast<double>(engines.size() + 1) : row[0];
    const double cycle = is_next ? 1 : static_cast<double>(engines.back().cycles.size() + 1);
    if (row[0] != number || row[1] != cycle) {
      return invalid_argument("'" + path.string() + "': line " + std::to_string(line) +
                              ": expected engine " + number_text(number) + ", cycle " +
                              number_text(cycle) + ", as engines and cycles are counted from 1");
    }
    if (is_next) engines.push_back({static_cast<std::int32_t>(row[0]), {}});
    Cycle& values = engines.back().cycles.emplace_back();
    for (std::size_t i = 0; i < kSensors.size(); ++i) {
      const Sensor& sensor = kSensors[i];
      const auto value = float_of((row[sensor.column] - sensor.low) / (sensor.high - sensor.low));
      if (!value) {
        return invalid_argument("'" + path.string() + "': line " + std::to_string(line) +
                                ": expected sensor values that, scaled, fit a float");
      }
      values[i] = *value;
    }
  }
  return engines;
}

// The `window` cycles that end with cycle `last` (counted from 0); an engine with fewer stands
// still in its first one before.
void append_window(const Engine& engine, std::size_t last, std::size_t window, double life,
                   Examples& examples) {
  for (std::size_t i = 0; i < window; ++i) {
    const std::size_t back = window - 1 - i;
    const Cycle& cycle = engine.cycles[back > last ? 0 : last - back];
    examples.features.insert(examples.features.end(), cycle.begin(), cycle.end());
  }
  examples.targets.push_back(static_cast<float>(std::min(life, kMostLife) / kMostLife));
}

Result<Examples> read_test(const fs::path& folder, std::size_t window) {
  COVEY_ASSIGN_OR_RETURN(const auto engines,
                         read_engines(plain_or_gzipped(folder, "test_FD001.txt")));
  const fs::path lives_path = plain_or_gzipped(folder, "RUL_FD001.txt");
  COVEY_ASSIGN_OR_RETURN(const auto lives, read_numbers(lives_path, 1));
  if (lives.size() != engines.size()) {
    return invalid_argument("'" + lives_path.string() + "': expected " +
                            std::to_string(engines.size()) + " lines, one for each test engine, " +
                            "found " + std::to_string(lives.size()));
  }
  Examples test{{window, kSensors.size()}, {}, {}};
  for (std::size_t i = 0; i < engines.size(); ++i) {
    if (lives[i][0] < 0) {
      return invalid_argument("'" + lives_path.string() + "': line " + std::to_string(i + 1) +
                              ": expected a remaining life of 0 cycles or more");
    }
    append_window(engines[i], engines[i].cycles.size() - 1, window, lives[i][0], test);
  }
  return test;
}

}  // namespace

Result<LoadedData> load_turbofan(const fs::path& path, const DataSettings& settings) {
  const auto window =
      static_cast<std::size_t>(settings.window == 0 ? kDefaultWindow : settings.window);
  COVEY_ASSIGN_OR_RETURN(const auto engines,
                         read_engines(plain_or_gzipped(path, "train_FD001.txt")));
  LoadedData data;
  data.name = "turbofan FD001";
  data.key_name = "engine";
  data.schema = "turbofan FD001 1; features: " + std::to_string(window) +
                " cycles x sensors, f32, each scaled from its range to 0 to 1:";
  for (const Sensor& sensor : kSensors) {
    data.schema += " s" + std::to_string(sensor.column - 4) + " " + number_text(sensor.low) +
                   " to " + number_text(sensor.high);
  }
  data.schema += "; number: remaining cycles, at most 125, by 125";
  Examples train{{window, kSensors.size()}, {}, {}};
  for (const Engine& engine : engines) {
    const std::size_t end = engine.cycles.size() - 1;
    for (std::size_t last = std::min(window - 1, end); last <= end; ++last) {
      append_window(engine, last, window, static_cast<double>(end - last), train);
      data.keys.push_back(engine.number);
    }
  }
  data.train = std::make_shared<const Examples>(std::move(train));
  if (!settings.has_test) return data;
  COVEY_ASSIGN_OR_RETURN(Examples test, read_test(path, window));
  data.test = Rows::all_of(std::move(test));
  return data;
}

}  // namespace covey::datasets
