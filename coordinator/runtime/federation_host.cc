#include "covey/coordinator/federation_host.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "coordinator/runtime/event_loop.h"
#include "coordinator/runtime/group_commit.h"
#include "coordinator/runtime/worker_pool.h"

namespace covey::coordinator {

using namespace federation;

namespace {

constexpr std::size_t kLogLines = 4096;
constexpr Milliseconds kLogHold{2'000};
constexpr std::size_t kSmallRequest = 256;  // bytes that a request without a message takes here

UnixMs unix_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::uint64_t new_epoch() {
  crypto::SystemRandom random;
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  ByteReader in(bytes);
  return in.u64() | 1;  // never 0, which a device says when it knows none
}

class Host final : public FederationHost {
 public:
  Host(HostOptions options, std::unique_ptr<Store> store, DeviceDirectory devices)
      : options_(std::move(options)),
        store_(std::move(store)),
        started_at_(unix_now()),
        log_(kLogLines, options_.log_sink),
        devices_(std::move(devices)),
        audit_(*store_, options_.signing_key),
        loop_({options_.bytes_in_flight, options_.calls_per_device}),
        pool_(options_.worker_threads > 0 ? options_.worker_threads
                                          : std::thread::hardware_concurrency()),
        surroundings_{outbox_,
                      log_,
                      *store_,
                      devices_,
                      audit_,
                      *options_.certificates,
                      [this](std::size_t parts, std::function<void(std::size_t)> part,
                             std::function<void()> done) {
                        pool_.run(parts, std::move(part), [this, done = std::move(done)] {
                          static_cast<void>(loop_.post("", 0, [done](Milliseconds) { done(); }));
                        });
                      },
                      unix_now,
                      new_epoch(),
                      options_.hold},
        core_(surroundings_),
        commit_(surroundings_, core_) {}

  ~Host() override { stop(); }

  Status start() {
    COVEY_RETURN_IF_ERROR(core_.load(EventLoop::now()));
    loop_.start([this](Milliseconds now) { return settle(now); });
    return {};
  }

  void stop() override {
    if (is_stopped_.exchange(true)) return;
    loop_.call([this](Milliseconds) { core_.drain(); });  // nothing goes to the pool from now on
    for (bool is_working = true; is_working;) {
      is_working = false;
      loop_.call([&](Milliseconds) { is_working = core_.is_working(); });
      if (is_working) std::this_thread::sleep_for(Milliseconds(20));
    }
    loop_.call([this](Milliseconds) { core_.release_calls(); });
    loop_.close();                             // after a last commit
    outbox_.fail(GroupCommit::unavailable());  // what could not be made durable
  }

  void check_in(const Peer& peer, CheckInRequest request, Reply<CheckInReply> reply) override {
    answer<CheckInReply>(peer, kSmallRequest, std::move(reply),
                         [this, peer, request = std::move(request)](Milliseconds now) {
                           return core_.check_in(peer, request, now);
                         });
  }
  void open_blob(const Peer& peer, const Digest& digest,
                 Reply<std::shared_ptr<const BlobReader>> reply) override {
    answer<std::shared_ptr<const BlobReader>>(
        peer, kSmallRequest, std::move(reply),
        [this, peer, digest](Milliseconds now) { return core_.open_blob(peer, digest, now); });
  }
  void join(const Peer& peer, RoundId round, Reply<JoinReply> reply) override {
    hand_on<JoinReply>(
        peer, kSmallRequest, std::move(reply),
        [this, peer, round = std::move(round)](Reply<JoinReply> to, Milliseconds now) {
          core_.join(peer, round, std::move(to), now);
        });
  }
  void send(const Peer& peer, GroupId group, Bytes message, Reply<SendReply> reply) override {
    const std::size_t bytes = message.size() + kSmallRequest;
    hand_on<SendReply>(peer, bytes, std::move(reply),
                       [this, peer, group = std::move(group), message = std::move(message)](
                           Reply<SendReply> to, Milliseconds now) mutable {
                         core_.send(peer, group, std::move(message), std::move(to), now);
                       });
  }
  void receive(const Peer& peer, ReceiveRequest request, Reply<ReceiveReply> reply) override {
    hand_on<ReceiveReply>(
        peer, kSmallRequest, std::move(reply),
        [this, peer, request = std::move(request)](Reply<ReceiveReply> to, Milliseconds now) {
          core_.receive(peer, request, std::move(to), now);
        });
  }
  void decline(const Peer& peer, RoundId round, DeclineReason reason,
               Reply<std::monostate> reply) override {
    answer<std::monostate>(peer, kSmallRequest, std::move(reply),
                           [this, peer, round = std::move(round), reason](Milliseconds now) {
                             return core_.decline(peer, round, reason, now);
                           });
  }

  void status(Reply<FederationStatus> reply) override {
    read<FederationStatus>(std::move(reply), [this]() -> Result<FederationStatus> {
      FederationStatus status;
      status.version = options_.version;
      status.started_at = started_at_;
      status.now = unix_now();
      status.bytes_in_flight = loop_.bytes_waiting();
      status.disk_free_bytes = store_->free_bytes();
      core_.fill(status);
      return status;
    });
  }
  void submit_task(std::string task_file, Digest initial_model, Reply<TaskRecord> reply) override {
    answer<TaskRecord>({}, 0, std::move(reply),
                       [this, task_file = std::move(task_file), initial_model](Milliseconds now) {
                         return core_.submit(task_file, initial_model, now);
                       });
  }
  void tasks(Reply<std::vector<TaskRecord>> reply) override {
    read<std::vector<TaskRecord>>(
        std::move(reply), [this]() -> Result<std::vector<TaskRecord>> { return core_.tasks(); });
  }
  void act_on_task(std::string task, TaskAction action, Reply<TaskRecord> reply) override {
    on_task<TaskRecord>(
        std::move(task), std::move(reply),
        [action](TaskRunner& runner, Milliseconds now) { return runner.act(action, now); });
  }
  void rounds(std::string task, std::uint64_t from, std::size_t limit,
              Reply<std::vector<RoundRecord>> reply) override {
    read<std::vector<RoundRecord>>(std::move(reply), [this, task = std::move(task), from, limit]() {
      return core_.rounds(task, from, limit);
    });
  }
  void round(std::string task, std::uint64_t number, Reply<RoundDetails> reply) override {
    read<RoundDetails>(std::move(reply), [this, task = std::move(task), number]() {
      return core_.round(task, number);
    });
  }
  void models(std::string task, Reply<std::vector<ModelRecord>> reply) override {
    read<std::vector<ModelRecord>>(
        std::move(reply), [this, task = std::move(task)]() -> Result<std::vector<ModelRecord>> {
          COVEY_ASSIGN_OR_RETURN(TaskRunner* const runner, core_.task(task));
          return runner->models();
        });
  }
  void set_current_model(std::string task, std::uint64_t version, bool is_rollback,
                         Reply<TaskRecord> reply) override {
    on_task<TaskRecord>(std::move(task), std::move(reply),
                        [version, is_rollback](TaskRunner& runner, Milliseconds now) {
                          return runner.set_current_model(version, is_rollback, now);
                        });
  }
  void prune_models(std::string task, std::size_t keep,
                    Reply<std::vector<ModelRecord>> reply) override {
    answer<std::vector<ModelRecord>>(
        {}, 0, std::move(reply),
        [this, task = std::move(task), keep](Milliseconds) { return core_.prune(task, keep); });
  }
  void open_model(std::string task, std::uint64_t version,
                  Reply<std::shared_ptr<const BlobReader>> reply) override {
    read<std::shared_ptr<const BlobReader>>(
        std::move(reply),
        [this, task = std::move(task), version]() { return core_.open_model(task, version); });
  }
  void upload_blob(Reply<std::unique_ptr<BlobWriter>> reply) override {
    answer<std::unique_ptr<BlobWriter>>({}, 0, std::move(reply),
                                        [this](Milliseconds) { return store_->write_blob(); });
  }
  void devices(Reply<std::vector<DeviceRecord>> reply) override {
    read<std::vector<DeviceRecord>>(std::move(reply),
                                    [this]() -> Result<std::vector<DeviceRecord>> {
                                      std::vector<DeviceRecord> records;
                                      for (const auto& [name, record] : devices_.all())
                                        records.push_back(record);
                                      return records;
                                    });
  }
  void revoke_device(std::string name, std::string reason, Reply<DeviceRecord> reply) override {
    answer<DeviceRecord>({}, 0, std::move(reply),
                         [this, name = std::move(name), reason = std::move(reason)](
                             Milliseconds now) { return core_.revoke(name, reason, now); });
  }
  void tag_device(std::string name, std::vector<std::string> tags,
                  Reply<DeviceRecord> reply) override {
    answer<DeviceRecord>({}, 0, std::move(reply),
                         [this, name = std::move(name), tags = std::move(tags)](Milliseconds) {
                           return devices_.tag(name, tags);
                         });
  }
  void log(std::uint64_t after, std::size_t limit, Reply<std::vector<LogLine>> reply) override {
    const Status posted = loop_post("", 0, [this, after, limit, reply](Milliseconds now) mutable {
      followers_.push_back({after, limit, std::move(reply), now + kLogHold});
    });
    if (!posted) reply(posted.error());
  }
  void audit(std::uint64_t from, std::size_t limit, Reply<std::vector<AuditEntry>> reply) override {
    read<std::vector<AuditEntry>>(std::move(reply),
                                  [this, from, limit]() { return store_->audit(from, limit); });
  }
  void audit_key(Reply<crypto::SigningPublicKey> reply) override {
    reply(options_.signing_key.public_key());
  }

 private:
  struct Follower {
    std::uint64_t after = 0;
    std::size_t limit = 0;
    Reply<std::vector<LogLine>> reply;
    Milliseconds until{0};
  };

  Status loop_post(const std::string& peer, std::size_t bytes, EventLoop::Event event) {
    if (is_stopped_) return GroupCommit::unavailable();
    return loop_.post(peer, bytes, std::move(event));
  }

  // Runs `handle(reply, now)` on the loop's thread, which sees to the answer. Nothing is begun that
  // could not be made durable.
  template <typename T, typename Handle>
  void hand_on(const Peer& peer, std::size_t bytes, Reply<T> reply, Handle handle) {
    const Status posted = loop_post(
        peer.name, bytes, [this, reply, handle = std::move(handle)](Milliseconds now) mutable {
          if (!commit_.can_write()) return reply(GroupCommit::unavailable());
          handle(std::move(reply), now);
        });
    if (!posted) reply(posted.error());
  }
  // The same for what is answered at once, which is after the batch.
  template <typename T, typename Handle>
  void answer(const Peer& peer, std::size_t bytes, Reply<T> reply, Handle handle) {
    hand_on<T>(peer, bytes, std::move(reply),
               [this, handle = std::move(handle)](Reply<T> to, Milliseconds now) mutable {
                 outbox_.reply<T>(std::move(to), handle(now));
               });
  }
  // What changes nothing, and is answered also while the store cannot be written.
  template <typename T, typename Handle>
  void read(Reply<T> reply, Handle handle) {
    const Status posted = loop_post("", 0, [this, reply, handle](Milliseconds) mutable {
      if (!commit_.can_write()) return reply(handle());
      outbox_.reply<T>(std::move(reply), handle());  // after what it may have seen is durable
    });
    if (!posted) reply(posted.error());
  }
  template <typename T, typename Handle>
  void on_task(std::string name, Reply<T> reply, Handle handle) {
    answer<T>({}, 0, std::move(reply),
              [this, name = std::move(name), handle](Milliseconds now) -> Result<T> {
                COVEY_ASSIGN_OR_RETURN(TaskRunner* const runner, core_.task(name));
                return handle(*runner, now);
              });
  }

  std::optional<Milliseconds> settle(Milliseconds now) {
    std::optional<Milliseconds> next = commit_.settle(now);
    answer_followers(now);
    if (!followers_.empty()) next = std::min(next.value_or(Milliseconds::max()), now + kLogHold);
    return next;
  }

  void answer_followers(Milliseconds now) {
    std::erase_if(followers_, [&](Follower& follower) {
      std::vector<LogLine> lines = log_.after(follower.after, follower.limit);
      if (lines.empty() && now < follower.until && !is_stopped_) return false;
      follower.reply(std::move(lines));
      return true;
    });
  }

  HostOptions options_;
  std::unique_ptr<Store> store_;
  const UnixMs started_at_;
  EventLog log_;
  Outbox outbox_;
  DeviceDirectory devices_;
  AuditTrail audit_;
  EventLoop loop_;  // before the pool, whose jobs post to it
  WorkerPool pool_;
  Surroundings surroundings_;
  FederationCore core_;
  GroupCommit commit_;
  std::vector<Follower> followers_;
  std::atomic<bool> is_stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<FederationHost>> FederationHost::open(HostOptions options,
                                                             std::unique_ptr<Store> store) {
  COVEY_ASSIGN_OR_RETURN(auto devices, DeviceDirectory::load(*store));
  auto host = std::make_unique<Host>(std::move(options), std::move(store), std::move(devices));
  COVEY_RETURN_IF_ERROR(host->start());
  return std::unique_ptr<FederationHost>(std::move(host));
}

}  // namespace covey::coordinator
