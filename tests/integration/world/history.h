#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "integration/world/federation.h"

namespace covey::testing {

// What operators have been told of a task, ever. Each look asks for all of it again, and fails the
// test when something that was told before is not so any more: a task that is gone or no longer
// over, a version that is gone or another than it was, a round that had ended and is different, an
// entry of the audit log that is not there. For as long as nobody rolls the model back.
class History {
 public:
  History(Federation& federation, std::string task)
      : federation_(federation), name_(std::move(task)) {}

  bool look();  // false when it was not told everything: there is no coordinator

  const std::optional<coordinator::TaskRecord>& task() const { return task_; }  // as told last
  bool has_ended(std::uint64_t round) const { return ended_.contains(round); }
  std::size_t ended_rounds() const { return ended_.size(); }
  // A round with this number or a later one has ended, and the device was in a group of it.
  bool has_seen(const std::string& device, std::uint64_t from) const;

 private:
  bool look_at_models();
  bool look_at_rounds();
  bool look_at_audit();

  Federation& federation_;
  const std::string name_;
  std::optional<coordinator::TaskRecord> task_;
  std::vector<coordinator::ModelRecord> models_;
  std::map<std::uint64_t, coordinator::RoundDetails> ended_;
  std::vector<coordinator::AuditEntry> audit_;
};

// Ends the task's work in good order: lets the round that is open end, with no other after it, and
// waits until these devices, from 1 on, have nothing more to do.
void come_to_rest(Federation& federation, const std::string& task, int devices);

// Fails unless the rounds have numbers from 1 on and each has ended: completed, or aborted with a
// reason and followed by one that completed; unless the current model is what the survivors named
// in the records add up to, after fedavg or fedavgm as the task has it, and the versions are as
// many as the rounds completed; unless nobody is named twice in a round, the audit log is whole,
// and no coordinator has complained of damage or of a device that answered twice. Returns the
// rounds.
std::vector<coordinator::RoundDetails> check_truth(Federation& federation, const std::string& task,
                                                   const std::string& strategy = "fedavg");
std::size_t count_aborted(const std::vector<coordinator::RoundDetails>& rounds);

// Fails unless the receipts of this device, which is stopped first, say the same as the rounds'
// records: one that it contributed for each round whose sum it is in, none for any other, and at
// most one a round.
void check_receipts(Federation& federation, const std::string& task, int device,
                    const std::vector<coordinator::RoundDetails>& rounds);

}  // namespace covey::testing
