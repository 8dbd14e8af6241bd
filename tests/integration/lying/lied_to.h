#pragma once

#include <map>
#include <set>

#include "covey/client/receipt.h"
#include "integration/world/federation.h"

namespace covey::testing {

// What a lie is to come to.
struct Expected {
  enum class Sum {
    kWithout,     // the round is completed by the five other devices
    kWith,        // by all six: the victim's masked vector was there before the lie
    kNoSum,       // the round ends without a model
    kApart,       // the round of six devices, of which the victim is none, is completed by them
    kNotAsRound,  // no round was open
  };
  std::string lie;
  std::optional<client::RoundOutcome> outcome;  // in the victim's receipt; none: there is none
  std::string detail;  // of the receipt; without one, what the victim's log says
  std::string said;    // by the victim after the lie: kinds of messages, with ", " between
  Sum sum = Sum::kWithout;
};

// A federation whose coordinator lies to device 4, one lie a round. The victim is a covey-client
// where there is LibTorch; all other devices add constants, so that every sum without the victim is
// known. Its task `digits` has the devices 1 to 6, the task `apart` all of 1 to 7 but the victim.
class LiedTo {
 public:
  static std::set<std::string> all_lies();  // that the coordinator knows

  LiedTo();
  // Tells the lie, and checks what the victim said and what sum came out.
  void check(const Expected& expected);
  void check_truth();  // a round without a lie: the victim is in it
  // Ends the victim, and checks its receipts of all rounds, and the audit log.
  void check_receipts();

 private:
  struct Facts {  // of the last lie, as lying_api.h writes them down
    federation::RoundId round;
    std::uint64_t told = 0;
    std::string said;
    bool is_over = false;
  };

  void submit(const std::string& task, const std::vector<int>& devices);
  void start_victim();
  Facts facts() const;
  void check_sum(const std::string& task, std::uint64_t round, Expected::Sum sum);
  void check_model(const std::string& task, const std::vector<std::string>& survivors);
  void check_listing(const std::vector<client::Receipt>& receipts);

  Federation federation_;
  std::optional<Process> victim_;
  std::string past_;                                  // of deceit.log: before the last lie
  std::map<std::string, std::vector<float>> models_;  // the last one of each task
  std::vector<std::pair<federation::RoundId, Expected>> told_;
};

}  // namespace covey::testing
