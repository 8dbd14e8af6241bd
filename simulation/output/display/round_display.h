#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "covey/simulation/round_result.h"
#include "simulation/output/display/round_lines.h"
#include "simulation/output/display/status_line.h"
#include "simulation/output/run_info.h"

namespace covey::simulation {

// What a person sees of a run while it goes on: lines that stay, a growing table of rounds among
// them, and on a terminal one line under them that is drawn anew. Results go to `out`, progress to
// `err`. Thread-safe: `device_trained` comes from many threads.
//
// The order: announce, begin, then round_begun, device_trained …, round_ended for each round, end.
class RoundDisplay {
 public:
  enum class Style : std::uint8_t {
    kText,
    kJson,      // `out` has an object for each round and nothing else; `err` is as ever
    kQuiet,     // nothing but the end
    kProgress,  // nothing but the line that is drawn anew; of a sweep
  };
  struct Options {
    Style style = Style::kText;
    bool is_terminal = false;  // `err` is one
    std::size_t width = 80;    // its columns
  };
  using Clock = std::function<std::chrono::milliseconds()>;  // monotonic

  // The streams must outlive it.
  RoundDisplay(std::ostream& out, std::ostream& err, Options options, Clock now);

  // At once, before the data is read: what is going to be run.
  void announce(std::string_view what);
  // `completed`: rounds, when the run goes on.
  void begin(const RunInfo& info, const std::string& folder, std::uint64_t completed);
  void round_begun(std::uint64_t round, std::size_t devices);
  void device_trained();
  void round_ended(const RoundResult& result);
  // Takes the line away that is drawn anew, and says a line that stays.
  void note(std::string_view text);
  // `facts`: what is said at the end, after the last round.
  using Facts = std::vector<std::pair<std::string_view, std::string>>;
  void end(const Facts& facts);

 private:
  std::ostream& lines() { return options_.style == Style::kJson ? err_ : out_; }
  bool has_lines() const {
    return options_.style == Style::kText || options_.style == Style::kJson;
  }
  void clear();
  void draw();
  void update_headline(const RoundResult& result);
  void update_left();

  std::ostream& out_;
  std::ostream& err_;
  const Options options_;
  const Clock now_;

  std::mutex mutex_;
  std::optional<RoundLines> round_lines_;
  RunProgress progress_;
  std::optional<RoundResult> not_printed_;  // the last round, when it was left out
  std::size_t headline_ = ~std::size_t{0};  // which of the names of a headline it is
  std::uint64_t completed_before_ = 0;
  std::uint64_t updates_ = 0;
  std::chrono::milliseconds begun_at_{0};
  std::chrono::milliseconds drawn_at_{0};
  bool is_drawn_ = false;
};

}  // namespace covey::simulation
