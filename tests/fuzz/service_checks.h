#pragma once

#include <map>

#include "fuzz/service_world.h"

namespace covey::fuzz {

// What must hold of a coordinator, whatever its devices say: looked at again and again, from the
// outside and in what it has committed. Ends the process when it does not.
class ServiceChecks {
 public:
  explicit ServiceChecks(ServiceWorld& world) : world_(world) {}  // must outlive this

  // After each commit. `is_honest`: every masked vector so far was one that a device had made.
  void check(bool is_honest);
  // Nothing is under way any more.
  void check_end();

 private:
  void check_calls();
  void check_sessions() const;
  void check_round(const coordinator::RoundRecord& round);
  void check_participants(const coordinator::RoundRecord& round) const;
  void check_models(bool is_honest);
  void check_values(const coordinator::ModelRecord& model) const;
  float value_of(const coordinator::ModelRecord& model) const;

  ServiceWorld& world_;
  std::map<std::uint64_t, coordinator::RoundRecord> ended_;  // as they were when they ended
  std::uint64_t versions_ = 1;                               // that were looked at
};

}  // namespace covey::fuzz
