#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "integration/lying/scene.h"

namespace covey::testing {

// One lie to the victim, told once. Each call is about the victim alone: what comes back is said to
// it in the place of what the federation says; nothing: the truth.
class Lie {
 public:
  virtual ~Lie() = default;

  // Work that no open round has. The federation then hears nothing of the victim until its next
  // check-in, and `joined` and `sent` have to answer in its place.
  virtual std::optional<federation::Assignment> assignment(Scene&) { return std::nullopt; }
  virtual std::optional<Result<Bytes>> blob(Scene&, const Digest&) { return std::nullopt; }
  virtual std::optional<federation::JoinReply> joined(Scene&) { return std::nullopt; }
  // `message`: what the victim has just sent. The federation does not get it.
  virtual std::optional<federation::SendReply> sent(Scene&, const secagg::wire::DeviceMessage&) {
    return std::nullopt;
  }
  // The victim asks what there is for it. The federation is not asked.
  virtual std::optional<federation::ReceiveReply> received(Scene&) { return std::nullopt; }
  // In the place of this message of the federation's.
  virtual std::optional<Bytes> message(Scene&, const secagg::wire::CoordinatorMessage&) {
    return std::nullopt;
  }
};

using MakeLie = std::function<std::unique_ptr<Lie>()>;
using Lies = std::map<std::string, MakeLie>;

// Every lie by its name.
Lies all_lies();
Lies assignment_lies();  // before the victim trains
Lies apart_lies();       // to the victim another round than to all others
Lies roster_lies();
Lies box_lies();
Lies survivor_lies();
Lies request_lies();
Lies ending_lies();  // and steps out of turn

// Says something else in the place of the first `Message`.
template <typename Message>
class Instead final : public Lie {
 public:
  using Say = std::function<Bytes(const Scene&, const Message&)>;
  explicit Instead(Say say) : say_(std::move(say)) {}
  std::optional<Bytes> message(Scene& scene,
                               const secagg::wire::CoordinatorMessage& truth) override {
    if (is_told_ || !std::holds_alternative<Message>(truth)) return std::nullopt;
    is_told_ = true;
    return say_(scene, std::get<Message>(truth));
  }

 private:
  Say say_;
  bool is_told_ = false;
};

// Lets the first `Message` through. When the victim has answered it and asks for the next one, says
// something else.
template <typename Message>
class Afterwards final : public Lie {
 public:
  using Say = std::function<Bytes(const Scene&, const Message&)>;
  explicit Afterwards(Say say) : say_(std::move(say)) {}
  std::optional<Bytes> message(Scene&, const secagg::wire::CoordinatorMessage& truth) override {
    if (!first_ && std::holds_alternative<Message>(truth)) first_ = std::get<Message>(truth);
    return std::nullopt;
  }
  std::optional<federation::ReceiveReply> received(Scene& scene) override {
    if (!first_ || is_told_) return std::nullopt;
    is_told_ = true;
    return federation::ReceiveReply(federation::GroupMessage{scene.epoch, say_(scene, *first_)});
  }

 private:
  Say say_;
  std::optional<Message> first_;
  bool is_told_ = false;
};

template <typename Message>
MakeLie instead(typename Instead<Message>::Say say) {
  return [say = std::move(say)] { return std::make_unique<Instead<Message>>(say); };
}
template <typename Message>
MakeLie afterwards(typename Afterwards<Message>::Say say) {
  return [say = std::move(say)] { return std::make_unique<Afterwards<Message>>(say); };
}

// The message, changed.
template <typename Message>
using Change = std::function<void(const Scene&, Message&)>;
template <typename Message>
auto changed(Change<Message> change) {
  return [change = std::move(change)](const Scene& scene, const Message& truth) {
    Message lie = truth;
    change(scene, lie);
    return secagg::wire::encode(lie);
  };
}
template <typename Message>
MakeLie altered(Change<Message> change) {
  return instead<Message>(changed<Message>(std::move(change)));
}
template <typename Message>
MakeLie followed_by(Change<Message> change) {
  return afterwards<Message>(changed<Message>(std::move(change)));
}

inline constexpr federation::ComeBack kSoon{federation::Milliseconds(50), 0};

}  // namespace covey::testing
