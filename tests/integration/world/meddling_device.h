#pragma once

#include <functional>
#include <memory>

#include "covey/client/agent.h"
#include "covey/client/file_storage.h"
#include "covey/client/grpc/grpc_transport.h"
#include "integration/world/federation.h"
#include "support/adding_trainer.h"

namespace covey::testing {

// A connection of this device, apart from any that its process has.
std::unique_ptr<client::GrpcTransport> connect(const Federation& federation, int device);

// A device inside the test's process whose messages pass through the test's hands. Devices that
// behave are processes: federation.h.
class MeddlingDevice {
 public:
  // Called from the device's thread with each message, in place of sending it.
  using OnSend = std::function<Result<federation::SendReply>(
      client::Transport& wire, const federation::GroupId& group, ByteView message)>;

  // Connects as `device`, and says in its messages that it is `speaks_as`.
  MeddlingDevice(const Federation& federation, int device, int speaks_as, OnSend on_send);
  ~MeddlingDevice();

 private:
  class Meddler;
  std::unique_ptr<Meddler> transport_;
  client::FileStorage storage_;
  AddingTrainer trainer_;
  client::AlwaysConditions conditions_;
  client::Agent agent_;  // last: it uses the others
};

}  // namespace covey::testing
