#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "coordinator/grpc/connection_book.h"
#include "coordinator/grpc/listening_socket.h"

namespace covey::coordinator {

// Lets connections in, so many and no more, and cuts those that have to go. gRPC would take them
// without a limit; when the process had no descriptors left, 1.51 would stop listening for good.
// gRPC owns what is let in. Has one thread. Thread-safe.
class Door {
 public:
  using LetIn = std::function<void(int listening, int connection)>;  // from the door's thread
  using OnCut = std::function<void(const Error&)>;                   // from any thread; why

  // Binds, and lets nobody in before `open`. kUnavailable when it cannot listen there.
  static Result<std::unique_ptr<Door>> create(const std::string& address,
                                              const ConnectionBook::Limits& limits, OnCut on_cut);
  ~Door() { close(); }
  Door(const Door&) = delete;

  std::uint16_t port() const { return sockets_.port; }
  void open(LetIn let_in);  // once
  void close();             // lets nobody in any more; again: nothing

  // There was a whole call of `device` on the connection from `peer`, as gRPC names it.
  void called(const std::string& peer, const std::string& device);

 private:
  using Id = ConnectionBook::Id;
  Door(ListeningSockets sockets, Descriptor wake, const ConnectionBook::Limits& limits,
       OnCut on_cut);

  void run(const std::stop_token& stop);
  void wait(std::chrono::milliseconds longest, bool is_accepting);
  void accept_some(int listening);
  void sweep();  // forgets those that have gone, and cuts those that are overdue
  void sweep_leaving();
  // With the lock held; says nothing. False: it had gone by itself.
  bool cut(const ConnectionBook::Cut& cut);
  void say(const ConnectionBook::Cut& cut) const;

  const ListeningSockets sockets_;
  const Descriptor wake_;  // an eventfd
  const ConnectionBook::Limits limits_;
  const OnCut on_cut_;
  LetIn let_in_;

  std::mutex mutex_;
  ConnectionBook book_;
  std::map<Id, int> descriptors_;  // of those in the book
  std::map<Id, int> leaving_;      // cut, until gRPC has closed them
  std::jthread thread_;            // last: it uses all of the above
};

}  // namespace covey::coordinator
