#pragma once

#include <optional>
#include <vector>

#include "covey/aggregation/federation/messages.h"
#include "covey/aggregation/ring/ring_vector.h"
#include "covey/coordinator/round.h"
#include "simulation/devices/virtual_device.h"

namespace covey::simulation {

using coordinator::DeviceHandle;

// One group of a round, as the coordinator of a simulation runs it, in virtual time.
class VirtualGroup {
 public:
  virtual ~VirtualGroup() = default;

  // A message of a device has come.
  virtual federation::SendReply send(DeviceHandle device, ByteView message, VirtualDevice& sender,
                                     Milliseconds now) = 0;
  // A device asks for a message: nothing yet, and `answerable` names it when there is one.
  virtual std::optional<Bytes> receive(DeviceHandle device,
                                       const federation::ReceiveRequest& request) = 0;
  // Devices for which there is something new, once each.
  virtual std::vector<DeviceHandle> take_answerable() = 0;
  virtual void tick(Milliseconds now) = 0;
  virtual std::optional<Milliseconds> next_tick() const = 0;

  // Once it has ended. Only then, and if it completed: the sum, and who is in it.
  virtual std::optional<coordinator::GroupEnd> end() const = 0;
  virtual const ring::RingVector& sum() const = 0;
  virtual std::size_t survivors() const = 0;
};

}  // namespace covey::simulation
