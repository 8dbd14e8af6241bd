#pragma once

#include <fstream>
#include <mutex>
#include <set>

#include "covey/coordinator/federation.h"
#include "integration/lying/lie.h"

namespace covey::testing {

// Stands between the devices of a federation and its coordinator: hands everything on as it is, but
// lies to one device. Which lie is in the file `lie` of the folder, read when the victim asks for
// work; each is told in one round. What was told, and what the victim said after it, is appended to
// `deceit.log` there, one fact a line: the lie, what happened, and what of it, with tabs between.
//   round TASK NUMBER   the victim is given work
//   told                once for everything that is said in the place of the truth
//   said WORDS          by the victim, after the lie
//   over                it asks for work again
// Thread-safe.
class LyingApi final : public coordinator::DeviceApi {
 public:
  // `honest` must outlive it, and every call.
  LyingApi(coordinator::DeviceApi& honest, std::string victim, std::filesystem::path pki,
           std::filesystem::path folder);

  void check_in(const coordinator::Peer& peer, federation::CheckInRequest request,
                coordinator::Reply<federation::CheckInReply> reply) override;
  void open_blob(const coordinator::Peer& peer, const Digest& digest,
                 coordinator::Reply<std::shared_ptr<const coordinator::BlobReader>> reply) override;
  void join(const coordinator::Peer& peer, federation::RoundId round,
            coordinator::Reply<federation::JoinReply> reply) override;
  void send(const coordinator::Peer& peer, federation::GroupId group, Bytes message,
            coordinator::Reply<federation::SendReply> reply) override;
  void receive(const coordinator::Peer& peer, federation::ReceiveRequest request,
               coordinator::Reply<federation::ReceiveReply> reply) override;
  void decline(const coordinator::Peer& peer, federation::RoundId round,
               federation::DeclineReason reason, coordinator::Reply<std::monostate> reply) override;

 private:
  bool is_victim(const coordinator::Peer& peer) const { return peer.name == scene_.victim; }
  void note(const std::string& what);
  void note_said(const std::string& words);
  void note_told();
  void choose_lie();
  void begin_round(const federation::Assignment& assignment, bool is_invented);
  std::optional<federation::GroupId> end_round();
  void hear_assignment(const std::string& device, federation::CheckInReply& reply);
  void hear_message(const std::string& device, const federation::GroupId& group, ByteView message);
  std::optional<federation::SendReply> answer_victim(const federation::GroupId& group,
                                                     ByteView message);
  void hear_answer(const std::string& device, federation::ReceiveReply& reply);
  void lie_in_message(Bytes& message);

  coordinator::DeviceApi& honest_;
  const std::filesystem::path folder_;

  std::mutex mutex_;  // what follows
  Scene scene_;
  std::ofstream log_;
  std::string name_;  // of the lie
  std::unique_ptr<Lie> lie_;
  bool is_told_ = false;
  bool is_assigned_ = false;  // the victim, since it last asked for work
  bool is_invented_ = false;  // what it is assigned
  bool is_in_group_ = false;
  std::set<Bytes> heard_;           // of the victim in its group
  std::map<Digest, Digest> truth_;  // of a message that was told, by what was told instead
};

}  // namespace covey::testing
