#pragma once

#include <string>

namespace covey::client {

// May this device work now? Asked before it checks in, and every few seconds while it trains: a no
// then cancels the training. Called from the agent's threads.
class Conditions {
 public:
  virtual ~Conditions() = default;
  // Empty: yes. Else what is missing, for a person: "not charging".
  virtual std::string missing() = 0;
};

class AlwaysConditions final : public Conditions {
 public:
  std::string missing() override { return {}; }
};

}  // namespace covey::client
