// Relay's part in an upgrade: what is lent to the relayd that takes over, what changes hands when, and the
// end of what this one has begun.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "relayd/base/bytes.h"
#include "relayd/control/predecessor.h"
#include "relayd/control/request.h"
#include "relayd/daemon/relay.h"
#include "relayd/mux/hello.h"
#include "relayd/net/forward/program.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/tls/own_keys.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;
using Said = net::SuccessionWords;

constexpr std::chrono::milliseconds kLeavePoll{50};
constexpr std::chrono::milliseconds kEarlierPoll{500};
constexpr std::chrono::milliseconds kReapPoll{500};
constexpr int kMostReads = 16;  // of a client that goes on talking
constexpr std::chrono::seconds kToBeAlone{20};
constexpr std::chrono::seconds kForConnections{3};
constexpr std::chrono::seconds kToTell{1};
// A client that keeps its session for the next mail makes another.
constexpr std::chrono::seconds kIdle{5};
constexpr std::chrono::seconds kToBeHeard{5};  // for far hubs to have the last replies
// systemd starts relayd again two seconds after the one that served has died. What is under way here would
// have been put off by that, too.
constexpr std::chrono::seconds kHurry{1};
// A client may be in the midst of a long mail, or of a long session with a service.
constexpr std::chrono::hours kLongest{1};

constexpr char kNotWithEtcd[] =
    "[ledger] engine is etcd, which knows one process of a hub at a time: restart relayd instead, one hub of "
    "the site at a time, and the others carry on meanwhile";

base::Result<void> say(net::SuccessionChannel& channel, std::string_view word, int descriptor = -1) {
  if (word.size() > net::SuccessionChannel::kMaxWordBytes)
    return base::Error{"an address or path is too long to be handed over: restart relayd instead"};
  // Of one that has ended already the channel tells next, and why.
  if (channel.say(word, descriptor) || errno == EPIPE || errno == ECONNRESET) return {};
  return base::Error{std::string("the new relayd takes nothing: ") + std::strerror(errno)};
}

// The keys may stand in a file that only root can read, as we were when we read it.
base::Result<void> lend_keys(net::SuccessionChannel& channel, const net::OwnKeys& keys) {
  const auto text = net::text_of(keys);
  if (!text) return text.error();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return base::Error{std::string("no pipe: ") + std::strerror(errno)};
  const base::Descriptor reading(ends[0]);
  const base::Descriptor writing(ends[1]);
  fcntl(writing.get(), F_SETFL, O_NONBLOCK);
  if (write(writing.get(), text->data(), text->size()) != static_cast<ssize_t>(text->size()))
    return base::Error{"this hub's keys do not fit a pipe"};
  return say(channel, Said::kKeys, reading.get());
}

void add_held(const net::Site& site, std::vector<LeftBehind::Held>& to) {
  using std::chrono::seconds;
  std::vector<forward::Summary> connections;
  for (const auto& forward : site.forwards().all())
    forward->add_open(connections);
  site.services().add_open(connections);
  for (const forward::Summary& one : connections)
    to.push_back({.what = forward::name_of(one), .age = std::chrono::duration_cast<seconds>(one.duration)});
  for (const mail::TracedMail& mail : site.mails_under_way())
    to.push_back({.what = site.name() + ": mail from <" + base::escaped(mail.summary.sender) + '>',
                  .age = std::chrono::duration_cast<seconds>(mail.summary.took.total)});
}

// Its client is between two mails, and connects anew for the next one.
void turn_away(const base::Descriptor& client) {
  std::array<char, 4096> unread;  // a close with something unread could cost the client our reply
  for (int i = 0; i < kMostReads && recv(client.get(), unread.data(), unread.size(), MSG_DONTWAIT) > 0; ++i) {
  }
  const std::string reply =
      smtp::make_reply(421, "4.3.2", "this relayd has been upgraded, connect to the new one").wire();
  (void)!send(client.get(), reply.data(), reply.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

Handover::Host Relay::handover_host() {
  return {.objection = [this] { return objection_to_upgrade(); },
          .environment = [this] { return readiness_.for_successor(); },
          .lend = [this](net::SuccessionChannel& channel) { return lend(channel); },
          .yield_links = [this](net::SuccessionChannel& channel,
                                const std::string& successor) { yield_links(channel, successor); },
          .yield_clients = [this] { yield_clients(); },
          .take_back = [this] { take_back(); },
          .leave = [this](net::SuccessionChannel& channel, pid_t successor) { leave(channel, successor); },
          .drain =
              [this](bool is_waited_for) {
                close_listeners();
                if (draining_) return;
                drain_for(is_waited_for ? std::min(kHurry, config_.hub.drain_timeout)
                                        : config_.hub.drain_timeout);
              },
          .keys_changed =
              [this] {
                if (!keys_.read_again(config_.hub.state_dir)) return;
                for (const auto& site : sites_)
                  site->keys_changed();
              },
          .is_restarted_by_others = [this] { return readiness_.is_watched() && readiness_.is_succeeded(); }};
}

std::string Relay::objection_to_upgrade() const {
  if (draining_) return "relayd is shutting down";
  if (takeover_ && !takeover_->is_alone()) return objection_of_predecessor();
  if (etcd_) return kNotWithEtcd;
  return source_.keeper ? source_.keeper->adopt() : std::string();
}

// One that stays for a supervisor's sake hands a signal on to us.
std::string Relay::objection_of_predecessor() const {
  const auto before = predecessor_status();
  if (!before) return "the relayd of the last upgrade has yet to end; ask again in a moment";
  const std::string process = std::to_string(before->pid);
  const bool is_keeper = kept_by_ && static_cast<std::uint64_t>(getppid()) == before->pid;
  return control::predecessor_objection(*before, net::wall_now()) +
         (is_keeper ? "; end these, or restart relayd"
                    : "; end these, or `kill " + process + "`, which breaks connections off after the mails");
}

// The last mail of the one before is over in a moment: nobody shall have to ask twice for that. A connection
// of a service may go on for hours.
void Relay::when_alone(std::function<void()> then) {
  const auto begun = net::now();
  const auto look = [this, begun, then = std::move(then)] {
    const auto left = takeover_ ? takeover_->left_behind() : std::nullopt;
    const bool has_only_connections = left && left->sessions + left->mails == 0 && left->connections > 0;
    const auto deadline = begun + (has_only_connections ? kForConnections : kToBeAlone);
    if (!predecessor().empty() && !draining_ && net::now() < deadline) return true;
    then();
    return false;
  };
  if (look()) loop_.every(kLeavePoll, look);
}

// Whoever says `systemctl reload` after an installation wants what is installed, program and configuration.
void Relay::reload_or_upgrade(const net::RequestServer::Reply& reply) {
  if (!handover_.is_due()) return reply(reload_reply());
  const std::string objection = objection_to_upgrade();
  if (objection.empty()) return handover_.ask(reply);
  const auto done = reload();
  if (!done) return reply(control::reply_error(done.error().message));
  const std::string note = "upgrade: another relayd is installed, and cannot take over: " + objection;
  log_.log(LogLevel::kWarning, note);
  reply(control::reply_ok(*done + note + '\n'));
}

base::Result<void> Relay::lend(net::SuccessionChannel& channel) {
  if (auto ok = say(channel, std::string(Said::kInstance) + base::hex(shared_->instance.own)); !ok) return ok;
  if (auto ok = say(channel, std::string(Said::kState) + config_.hub.state_dir); !ok) return ok;
  if (auto ok = lend_keys(channel, rotation_.own().keys()); !ok) return ok;
  auto listening = listening_sockets();
  for (const net::HeldEndpoints::Listening& one : listening)
    if (auto ok = say(channel, std::string(Said::kSocket) + one.address.to_string(), one.descriptor); !ok)
      return ok;
  auto ledger = state_.ledger().lend([this](const std::string& transaction) {
    const auto may_commit = [&](const auto& site) { return site->forbid_unless_committing(transaction); };
    // All of them, not only the first: the others must not begin it any more.
    const auto here = std::count_if(sites_.begin(), sites_.end(), may_commit);
    return here + std::count_if(retired_.begin(), retired_.end(), may_commit) > 0;
  });
  if (!ledger) return ledger.error();
  const int keeper = kept_by_ ? kept_by_->descriptor() : source_.keeper ? source_.keeper->end_to_lend() : -1;
  if (keeper >= 0)
    if (auto ok = say(channel, Said::kKeeper, keeper); !ok) return ok;
  if (auto ok = say(channel, Said::kWriting, ledger->writing.get()); !ok) return ok;
  if (auto ok = say(channel, Said::kNews, ledger->news.get()); !ok) return ok;
  return say(channel, Said::kLent);
}

std::vector<net::HeldEndpoints::Listening> Relay::listening_sockets() const {
  std::vector<net::HeldEndpoints::Listening> all;
  for (const auto& site : sites_) {
    const auto more = site->succession().listening();
    all.insert(all.end(), more.begin(), more.end());
  }
  for (const base::HostPort& address : config_.hub.listen)
    if (const auto found = listeners_.find(address.to_string()); found != listeners_.end())
      all.push_back({address, found->second->descriptor()});
  all.push_back({control_->address(), control_->descriptor()});
  if (metrics_) all.push_back({metrics_->address(), metrics_->descriptor()});
  return all;
}

void Relay::yield_links(net::SuccessionChannel& channel, const std::string& successor) {
  for (const auto& site : sites_)
    for (const std::string& hub : site->succession().hubs_in_touch())
      if (hub.size() + Said::kInTouch.size() <= net::SuccessionChannel::kMaxWordBytes)
        channel.say(std::string(Said::kInTouch) + hub);
  for (const auto& [address, listener] : listeners_)
    listener->suspend();
  keys_.yield();
  shared_->instance.successor = successor;
  for (const auto& site : sites_)
    site->succession().has_successor();
}

void Relay::yield_clients() {
  is_yielded_ = true;
  for (const auto& site : sites_)
    site->succession().suspend();
  control_->suspend();
  if (metrics_) metrics_->suspend();
}

// A session that stays with us for all that is told 421 when it has been idle for long.
void Relay::give_sessions_to(net::SuccessionChannel* channel) {
  net::SiteSuccession::Taker taker;
  if (channel != nullptr)
    taker = [channel](const base::HostPort& endpoint, const net::RestingSession& session, int socket) {
      const std::string word =
          std::string(Said::kSession) + endpoint.to_string() + '\n' + net::to_text(session);
      return word.size() <= net::SuccessionChannel::kMaxWordBytes && channel->say(word, socket);
    };
  for (const auto& site : sites_)
    site->succession().give_sessions_to(taker);
}

void Relay::go_on_with(const std::string& session, base::Descriptor socket) {
  const std::size_t end = std::min(session.find('\n'), session.size());
  const std::string address = session.substr(0, end);
  const auto resting = net::resting_session_in(session.substr(std::min(end + 1, session.size())));
  const auto is_there = [&](const auto& site) {
    return std::any_of(site->endpoints().begin(), site->endpoints().end(),
                       [&](const auto& endpoint) { return endpoint->address().to_string() == address; });
  };
  const auto site = std::find_if(sites_.begin(), sites_.end(), is_there);
  if (resting && socket.is_open() && site != sites_.end())
    return (*site)->succession().go_on_with(*resting, std::move(socket));
  const std::string cause = !socket.is_open() ? "its socket was lost, for lack of file descriptors"
                            : !resting        ? "the other relayd writes it in another way"
                                              : "no site has the endpoint " + address + " any more";
  log_.log(LogLevel::kWarning, "upgrade: a session between two mails cannot go on here: " + cause);
  turn_away(socket);
}

void Relay::take_back() {
  give_sessions_to(nullptr);
  succeeded_by_ = 0;
  keys_.take_back(config_.hub.state_dir);
  for (const auto& [address, listener] : listeners_)
    listener->resume();
  shared_->instance = {.own = net::random_bytes(mux::kInstanceBytes)};
  for (const auto& site : sites_)
    site->succession().has_no_successor();
  if (!std::exchange(is_yielded_, false)) return;
  tell_keeper();
  for (const auto& site : sites_)
    site->succession().resume();
  control_->resume();
  if (metrics_) metrics_->resume();
  look_after_earlier();
  keep_endpoints();
}

void Relay::mention_left(base::TimePoint longest) {
  LeftBehind left{.process = static_cast<std::uint64_t>(getpid()),
                  .at_most = std::chrono::ceil<std::chrono::seconds>(longest - net::now())};
  for (const auto& site : sites_) {
    left.sessions += site->sessions();
    left.mails += site->in_flight();
    left.connections += site->connections();
    add_held(*site, left.held);
  }
  keep_oldest(left.held);
  handover_.mention(left);
}

// Until the service manager has heard it, it takes our end for relayd's, and starts another one.
void Relay::give_service_to(pid_t successor) {
  const auto give = [this, successor] {
    if (succeeded_by_ != successor || !readiness_.succeeded_by(successor)) return false;
    handover_.service_is_given();
    return true;
  };
  if (give()) return;
  log_.log(LogLevel::kWarning,
           "upgrade: the service manager takes no message; this process stays until it has been told which "
           "one serves");
  loop_.every(kLeavePoll, [this, successor, give] { return succeeded_by_ == successor && !give(); });
}

void Relay::leave(net::SuccessionChannel& channel, pid_t successor) {
  succeeded_by_ = successor;
  give_sessions_to(&channel);
  give_service_to(successor);
  if (source_.keeper) source_.keeper->served_by(successor);
  const auto longest = net::now() + kLongest;
  const auto tell = [this, successor, longest] {
    if (succeeded_by_ != successor || draining_) return false;
    mention_left(longest);
    return true;
  };
  (void)tell();
  loop_.every(kToTell, tell);
  const auto idle_since = std::make_shared<base::TimePoint>();
  loop_.every(kLeavePoll, [this, successor, longest, idle_since] {
    if (succeeded_by_ != successor || draining_) return false;
    for (const auto& site : sites_)
      site->succession().let_go_of_idle(kIdle);
    const auto now = net::now();
    if (now >= longest && readiness_.is_succeeded()) {
      begin_drain();
      return false;
    }
    const bool is_over = std::all_of(sites_.begin(), sites_.end(),
                                     [](const auto& site) { return site->succession().is_idle(); });
    if (!is_over || !retired_.empty() || !readiness_.is_succeeded() || !handover_.has_said_all()) {
      *idle_since = {};
      return true;
    }
    if (*idle_since == base::TimePoint{}) *idle_since = now;
    const bool is_heard =
        std::all_of(sites_.begin(), sites_.end(), [](const auto& site) { return site->is_heard(); });
    if (!is_heard && now - *idle_since < kToBeHeard) return true;
    log_.log(LogLevel::kInfo, "upgrade: all that this process had begun is over, stopping");
    loop_.stop();
    return false;
  });
}

// Whoever is started next binds them anew.
void Relay::close_listeners() {
  for (const auto& [address, listener] : listeners_)
    listener->stop();
  control_->stop();
  if (metrics_) metrics_->stop();
  for (const auto& site : sites_)
    site->close_endpoints();
}

base::Result<void> Relay::check_lent() {
  takeover_->needs_restart(true);
  if (config_.hub.state_dir != takeover_->lent().state_dir)
    return base::Error{"hub.state_dir has changed, which an upgrade cannot do: restart relayd instead"};
  if (config_.ledger.engine == settings::LedgerEngine::kEtcd) return base::Error{kNotWithEtcd};
  if (takeover_->lent().keeper.is_open()) hold_to_keeper(std::move(takeover_->lent().keeper));
  for (auto& [address, socket] : takeover_->lent().sockets)
    held_endpoints_.lend(address, std::move(socket));
  takeover_->needs_restart(false);
  return {};
}

void Relay::take_over() {
  takeover_->ready(instance_,
                   {.start_links =
                        [this] {
                          (void)keys_.read_again(config_.hub.state_dir);  // it has been written since
                          open_pairing();
                          serve();
                        },
                    .is_in_touch =
                        [this](const std::string& hub) {
                          return std::any_of(sites_.begin(), sites_.end(), [&](const auto& site) {
                            const auto names = site->succession().hubs_in_touch();
                            return std::find(names.begin(), names.end(), hub) != names.end();
                          });
                        },
                    .serve = [this] { serve_clients(); },
                    .become_service = [this] { become_service(); },
                    .go_on_with = [this](const std::string& session,
                                         base::Descriptor socket) { go_on_with(session, std::move(socket)); },
                    .other_gone =
                        [this] {
                          log_.log(LogLevel::kInfo, "upgrade: the relayd before this one has ended");
                          look_after_earlier();
                          shared_->instance.predecessor.clear();
                          for (const auto& site : sites_)
                            site->succession().predecessor_gone();
                          become_service();
                        }});
}

std::string Relay::predecessor() const {
  return takeover_ && !takeover_->is_alone() ? takeover_->lent().instance : std::string();
}

// A supervisor watches the keeper: without it we would be nobody's, and in the way of the relayd it starts
// next.
void Relay::hold_to_keeper(base::Descriptor end) {
  kept_by_ = std::make_unique<net::SuccessionChannel>(loop_.executor(), std::move(end));
  kept_by_->listen([this](const std::string& word, const base::Descriptor&) {
    if (!word.empty()) return;
    log_.log(LogLevel::kError, "the process that a supervisor has started is gone: this one stops, too");
    begin_drain();
  });
}

void Relay::tell_keeper() {
  if (kept_by_) (void)kept_by_->say(Keeper::kServes + std::to_string(getpid()));
  if (source_.keeper) source_.keeper->served_by(0);
}

// Orphans of relayds that have failed, and of programs that were started since, are our children then.
void Relay::reap_for_keeper() {
  if (source_.keeper == nullptr) return;
  loop_.every(kReapPoll, [this] {
    source_.keeper->reap_adopted(net::Program::is_one);
    return true;
  });
}

void Relay::serve_clients() {
  is_yielded_ = false;
  served_since_ = net::wall_now();
  tell_keeper();
  for (const auto& site : sites_)
    site->succession().resume();
  control_->resume();
  if (metrics_) metrics_->resume();
  keep_endpoints();
}

// The other relayd may have left mails that our MTA has yet to answer for.
void Relay::look_after_earlier() {
  (void)state_.look_for_earlier(config_.hub);
  if (std::exchange(takes_in_earlier_, true)) return;
  loop_.every(kEarlierPoll, [this] { return takes_in_earlier_ = state_.earlier().take_in(); });
}

}  // namespace tsmtp::daemon
