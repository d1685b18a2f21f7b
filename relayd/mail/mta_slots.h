// Who gets which connection to our MTA, for one site, and what is known of the MTA. An MTA that refuses one
// more connection says nothing of those that work (RFC 5321 section 3.8): the number that works is learnt,
// and transactions wait for one of those, first come, first served. Only when none works is the MTA out of
// reach.
//
// It knows connections and transactions by number. Events go in with the time; act() says what is to be done
// about them. Bounded: no more connections than `connections`, those included that are about to close.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/mail/far_mta.h"
#include "relayd/mail/mta_counts.h"
#include "relayd/mail/silence.h"
#include "relayd/settings/site.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

/// The transactions that have a connection, for MtaSlots.
class MtaBorrowers {
 public:
  virtual ~MtaBorrowers() = default;
  /// Of the one that has this connection; nothing while it waits for anything but its near side, or has
  /// committed.
  [[nodiscard]] virtual std::optional<Silence> silence(std::uint64_t connection) const = 0;
};

class MtaSlots {
 public:
  using Connection = std::uint64_t;
  using Request = std::uint64_t;

  struct Settings {
    std::string mta;  ///< "127.0.0.1:25", for causes
    std::string
        own_helo;  ///< for connections that only ask what the MTA offers, and where a client's is refused
    settings::MtaConnections use{};

    friend bool operator==(const Settings&, const Settings&) = default;
  };

  /// Why a connection came to nothing before it could be used.
  struct Failure {
    enum class Stage {
      kHere,      // this machine has none to give: descriptors, ports, memory
      kConnect,   // refused, not resolved, timed out
      kGreeting,  // refused with words, or closed
      kHello,     // after the greeting: the name that was said in EHLO may be the cause
    };
    Stage stage = Stage::kConnect;
    std::string cause;
    std::optional<smtp::Reply> said;
    bool timed_out = false;
  };

  struct Connect {
    Connection connection;
    std::string helo;
    bool is_probe;
  };
  struct Lend {
    Request request;
    Connection connection;
  };
  struct Refuse {
    Request request;
    std::string cause;
    std::optional<smtp::Reply> said;
  };
  struct Quit {
    Connection connection;
  };
  /// Others wait: the transaction that has it is to be given up, for nothing was heard of its near side for
  /// so long.
  struct TakeBack {
    Connection connection;
    base::Duration silence;
  };
  /// Other sites have connections to the same MTA: one that has more of them than we is to give_way().
  struct AskWay {};
  /// What is known of the MTA has changed.
  struct Tell {
    FarMta mta;
  };
  /// For the log.
  struct Note {
    std::string text;
  };
  using Action = std::variant<Connect, Lend, Refuse, Quit, TakeBack, AskWay, Tell, Note>;

  /// `borrowers` is borrowed and outlives it.
  MtaSlots(Settings settings, const MtaBorrowers& borrowers)
      : settings_(std::move(settings)), borrowers_(borrowers) {}

  /// The settings have changed; `afresh`: the MTA too, or how we come to it, so nothing is known of it any
  /// more and connections that are not in use are closed.
  void update(Settings settings, bool afresh, base::TimePoint now);
  /// Asks the MTA what it offers, now and until it has answered.
  void probe(base::TimePoint now);

  /// A transaction wants a connection greeted as `helo`; `fresh`: one that no mail has come over. Answered by
  /// Lend or Refuse.
  void request(Request request, const std::string& helo, bool fresh, base::TimePoint now);
  void withdraw(Request request);

  void ready(Connection connection, const smtp::Extensions& extensions, base::TimePoint now);
  /// A connection that was lent came back, and may be lent again.
  void idle(Connection connection, base::TimePoint now);
  /// `neighbours_work`: other sites have connections to the same MTA that work. `failure`: if it was never
  /// ready and not closed by us.
  void gone(Connection connection, const std::optional<Failure>& failure, bool neighbours_work,
            base::TimePoint now);

  /// Another site has no connection at all, or fewer: one of ours is to be closed as soon as it is idle.
  void give_way(base::TimePoint now);
  /// A neighbour does so.
  void way_given(base::TimePoint now);

  [[nodiscard]] std::vector<Action> act(base::TimePoint now);
  /// When act() is to be called, if nothing happens before.
  [[nodiscard]] std::optional<base::TimePoint> deadline(base::TimePoint now) const;

  /// Nothing before it was tried.
  [[nodiscard]] const std::optional<FarMta>& mta() const { return mta_; }
  [[nodiscard]] MtaCounts counts() const;

 private:
  enum class State { kOpening, kIdle, kLent, kQuitting };
  struct Slot {
    std::string helo;
    State state = State::kOpening;
    bool is_probe = false;
    bool is_stale = false;  // of before update(afresh)
    bool is_taken_back = false;
    std::uint64_t mails = 0;
    base::TimePoint since;  // when it became idle
  };
  using Slots = std::map<Connection, Slot>;
  struct Waiting {
    Request request;
    std::string helo;
    bool fresh;
    base::TimePoint since;
  };
  /// What need not be opened, or closed, for those who wait.
  struct ToCome {
    std::map<std::string, std::size_t> opening;  // by name
    std::size_t room = 0;                        // connections that are about to close, or to come back

    [[nodiscard]] bool take(const std::string& helo);
  };
  struct RefusedName {
    std::string helo;
    base::TimePoint until;
  };

  void expire_waiting(base::TimePoint now);
  void lend_idle(base::TimePoint now);
  void open_more(base::TimePoint now);
  void take_back(base::TimePoint now);
  void send_probe(base::TimePoint now);
  void close_idle(base::TimePoint now);
  void connect(const std::string& helo, bool is_probe);
  void quit(Slots::value_type& slot);
  [[nodiscard]] Slots::iterator idle_for(const Waiting& waiting);
  [[nodiscard]] Slots::iterator longest_idle();
  [[nodiscard]] ToCome what_comes() const;
  [[nodiscard]] std::size_t wanted_back(base::TimePoint now) const;
  [[nodiscard]] bool has_room(base::TimePoint now) const;
  [[nodiscard]] std::string helo_for(const std::string& helo, base::TimePoint now);

  [[nodiscard]] bool owes_way(base::TimePoint now) const { return owes_way_until_ && now < *owes_way_until_; }
  void way_was_given(base::TimePoint now);
  void note_peak(base::TimePoint now);
  void hello_refused(const Slot& slot, const Failure& failure, base::TimePoint now);
  void refused(const Failure& failure, bool neighbours_work, base::TimePoint now);
  void limited(std::size_t others, base::TimePoint now);
  void out_of_reach(const Failure& failure, base::TimePoint now);
  void probe_later(base::TimePoint now);
  void tell(FarMta mta);
  [[nodiscard]] std::string why_waiting() const;

  Settings settings_;
  const MtaBorrowers& borrowers_;
  Slots slots_;  // the oldest first
  Connection last_connection_ = 0;
  std::deque<Waiting> waiting_;  // the longest waiting first
  std::vector<Action> actions_;
  std::optional<FarMta> mta_;
  std::deque<RefusedName> refused_names_;
  std::optional<Failure> last_failure_;

  std::optional<std::size_t> learnt_;
  base::Duration raise_step_{};
  base::TimePoint next_raise_;  // of what was learnt, by one
  base::Duration hold_{};       // after the next refusal
  base::TimePoint not_before_;  // no connection is opened
  std::optional<base::TimePoint> served_until_;
  std::size_t peak_ = 0;  // that served at once, lately
  base::TimePoint peak_time_;
  int strikes_ = 0;                               // refused in a row, of no more connections than were learnt
  std::optional<base::TimePoint> starved_since_;  // having none while neighbours have
  base::Duration probe_step_{};
  std::optional<base::TimePoint> probe_at_;
  std::optional<base::TimePoint> owes_way_until_;
};

}  // namespace tsmtp::mail
