#include "relayd/net/endpoint/held_endpoints.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "relayd/net/endpoint/endpoint_holder.h"
#include "relayd/net/io/descriptor_message.h"
#include "relayd/net/io/listening.h"

namespace tsmtp::net {
namespace {

// At the start nothing else can be done meanwhile, and a holder that is not heard keeps us from binding.
// Later every mail would wait with us.
constexpr timeval kPatienceAtStart{.tv_sec = 5, .tv_usec = 0};
constexpr timeval kPatienceLater{.tv_sec = 0, .tv_usec = 100'000};
constexpr int kFirstPassed = 3;  // sd_listen_fds(3), SD_LISTEN_FDS_START

// Only root, we ourselves, or the owner of the directory that the socket is in can be the holder: whoever
// else answers there would give us sockets that it listens on too.
bool is_trusted(int socket, const std::string& path) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == 0 || peer.uid == geteuid()) return true;
  struct stat directory {};
  return stat(path.substr(0, path.find_last_of('/')).c_str(), &directory) == 0 &&
         directory.st_uid == peer.uid;
}

void set_patience(int socket, const timeval& patience) {
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

long passed_descriptors() {
  const char* const pid = std::getenv("LISTEN_PID");
  const char* const count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || std::strtol(pid, nullptr, 10) != getpid()) return 0;
  return std::strtol(count, nullptr, 10);
}

}  // namespace

void HeldEndpoints::take_over() {
  take_from_service_manager();
  take_from_holder();
}

void HeldEndpoints::take_from_service_manager() {
  const long count = passed_descriptors();
  for (long i = 0; i < count; ++i) {
    base::Descriptor socket(kFirstPassed + static_cast<int>(i));
    fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
    const std::string address = listening_address(socket.get());
    if (!address.empty()) taken_[address] = std::move(socket);
  }
  unsetenv("LISTEN_PID");
  unsetenv("LISTEN_FDS");
}

void HeldEndpoints::take_from_holder() {
  if (!connect(kPatienceAtStart) || !send_message(holder_.get(), HolderWords::kTake, -1, 0)) return;
  for (;;) {
    auto held = receive_message(holder_.get());
    if (!held || held->text.empty()) return lost();
    if (!held->descriptor.is_open()) return;  // kDone
    // The address is the one that the kernel tells, not the one that the sender tells.
    const std::string address = listening_address(held->descriptor.get());
    if (!address.empty()) taken_[address] = std::move(held->descriptor);
  }
}

base::Descriptor HeldEndpoints::take(const base::HostPort& address) {
  const auto found = taken_.find(address.to_string());
  if (found == taken_.end()) return {};
  base::Descriptor socket = std::move(found->second);
  taken_.erase(found);
  return socket;
}

void HeldEndpoints::keep(const std::vector<Listening>& all) {
  taken_.clear();
  is_empty_ = all.empty();
  std::vector<std::string> addresses;
  addresses.reserve(all.size());
  for (const Listening& one : all)
    addresses.push_back(one.address.to_string());
  notice_end();
  if (holder_.is_open() && is_held_ && addresses == kept_) return;
  is_held_ = false;
  if (!holder_.is_open() && !connect(kPatienceLater)) return;
  set_patience(holder_.get(), kPatienceLater);
  for (const Listening& one : all)
    if (!send_message(holder_.get(), one.address.to_string(), one.descriptor, 0)) return lost();
  if (!send_message(holder_.get(), HolderWords::kServing, -1, 0)) return lost();
  const auto answer = receive_message(holder_.get());
  if (!answer || answer->text != HolderWords::kDone) return lost();
  kept_ = std::move(addresses);
  is_held_ = true;
}

bool HeldEndpoints::connect(const timeval& patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  base::Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return false;
  set_patience(socket.get(), patience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  if (!is_trusted(socket.get(), path_)) {
    log_.log(
        base::LogLevel::kWarning,
        path_ +
            ": the process that listens there is neither ours nor root's; the endpoints are not given to it");
    return false;
  }
  holder_ = std::move(socket);
  return true;
}

void HeldEndpoints::notice_end() {
  char byte = 0;
  if (holder_.is_open() && recv(holder_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) lost();
}

void HeldEndpoints::lost() {
  holder_ = {};
  is_held_ = false;
}

}  // namespace tsmtp::net
