// A site's MtaSlots with an MTA of the test's own, in virtual time: it takes so many connections, refuses
// some names, is away, hangs. Connections and greetings take a millisecond.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "relayd/mail/mta_slots.h"

namespace tsmtp::mail {

/// What all sites together have of one MTA.
struct SlotsMta {
  std::size_t limit = 1'000;
  std::size_t open = 0;
  std::size_t most = 0;
  bool is_away = false;
  bool hangs = false;
  std::string greeting;  // that refuses everybody
  std::set<std::string> refused_names;
  int refusals = 0;
};

/// A site with its transactions. Each keeps its connection for `mail_time`, unless that is zero.
class SlotsSite : public MtaBorrowers {
 public:
  SlotsSite(SlotsMta& mta, base::TimePoint& now, MtaSlots::Settings settings)
      : mta_(mta), now_(now), slots(settings, *this) {}

  MtaSlots::Request request(const std::string& helo = "mx.example", bool fresh = false) {
    slots.request(++last_request_, helo, fresh, now_);
    return last_request_;
  }

  // All that happens at this instant.
  void step() {
    for (auto event = events_.begin(); event != events_.end() && event->first <= now_;) {
      const auto what = std::move(event->second);
      event = events_.erase(event);
      what();
    }
    for (bool again = true; again;) {
      const auto actions = slots.act(now_);
      again = !actions.empty();
      for (const auto& action : actions)
        std::visit([this](const auto& known) { on(known); }, action);
    }
    most_connections = std::max(most_connections, slots.counts().all());
  }

  void give_back(MtaSlots::Connection connection) { slots.idle(connection, now_); }
  /// The MTA is killed.
  void lose_all() {
    for (const auto connection : std::exchange(open_, {}))
      slots.gone(connection, {}, false, now_), --mta_.open;
  }

  [[nodiscard]] std::optional<Silence> silence(MtaSlots::Connection connection) const override {
    const auto found = silent.find(connection);
    if (found == silent.end()) return std::nullopt;
    return Silence{.since = found->second, .patience = std::chrono::seconds(15)};
  }

  std::map<MtaSlots::Connection, base::TimePoint> silent;  // since then
  std::vector<MtaSlots::Connection> taken_back;
  std::map<MtaSlots::Request, MtaSlots::Connection> lent;
  std::map<MtaSlots::Connection, std::string> names;
  std::vector<std::string> refused, notes;
  std::vector<std::string> told;  // "" for reachable
  int mails = 0, connects = 0;
  std::size_t most_connections = 0;
  std::chrono::milliseconds mail_time{0};
  bool comes_again = false;  // each client with its next mail
  bool none_here = false;
  SlotsSite* neighbour = nullptr;

 private:
  void later(base::Duration time, std::function<void()> what) {
    events_.emplace(now_ + time, std::move(what));
  }
  [[nodiscard]] bool neighbours_work() const {
    return neighbour != nullptr && neighbour->slots.counts().serving() > 0;
  }
  void fail(MtaSlots::Connection connection, MtaSlots::Failure::Stage stage, const std::string& cause,
            int code = 0, bool timed_out = false) {
    MtaSlots::Failure failure{.stage = stage, .cause = cause, .said = {}, .timed_out = timed_out};
    if (code != 0) failure.said = smtp::Reply{code, {cause.substr(4)}};  // the cause begins with the code
    slots.gone(connection, failure, neighbours_work(), now_);
  }

  void on(const MtaSlots::Connect& action) {
    ++connects;
    names[action.connection] = action.helo;
    later(std::chrono::milliseconds(1), [this, action] { connect(action); });
  }
  void connect(const MtaSlots::Connect& action) {
    const auto id = action.connection;
    if (none_here) return fail(id, MtaSlots::Failure::Stage::kHere, "Too many open files");
    if (mta_.is_away) return fail(id, MtaSlots::Failure::Stage::kConnect, "Connection refused");
    if (mta_.hangs)
      return later(std::chrono::seconds(120),
                   [this, id] { fail(id, MtaSlots::Failure::Stage::kGreeting, "no greeting", 0, true); });
    if (!mta_.greeting.empty())
      return fail(id, MtaSlots::Failure::Stage::kGreeting, mta_.greeting, std::stoi(mta_.greeting));
    if (mta_.open >= mta_.limit) {
      ++mta_.refusals;
      return fail(id, MtaSlots::Failure::Stage::kGreeting, "421 too many connections", 421);
    }
    if (mta_.refused_names.contains(action.helo))
      return fail(id, MtaSlots::Failure::Stage::kHello, "501 bad name", 501);
    mta_.most = std::max(mta_.most, ++mta_.open);
    open_.insert(id);
    slots.ready(id, {}, now_);
  }
  void on(const MtaSlots::Lend& action) {
    lent[action.request] = action.connection;
    if (mail_time == std::chrono::milliseconds(0)) return;
    later(mail_time, [this, action] {
      ++mails;
      lent.erase(action.request);
      give_back(action.connection);
      if (comes_again) request();
    });
  }
  void on(const MtaSlots::Refuse& action) { refused.push_back(action.cause); }
  void on(const MtaSlots::Quit& action) {
    open_.erase(action.connection);
    later(std::chrono::milliseconds(1), [this, action] { slots.gone(action.connection, {}, false, now_); });
    later(std::chrono::milliseconds(50), [this] { --mta_.open; });  // the process is reaped
  }
  void on(const MtaSlots::TakeBack& action) {
    EXPECT_EQ(now_ - silent.at(action.connection), action.silence);
    silent.erase(action.connection);
    taken_back.push_back(action.connection);
    later(std::chrono::milliseconds(1),
          [this, action] { give_back(action.connection); });  // RSET is answered
  }
  void on(const MtaSlots::AskWay&) {
    if (neighbour == nullptr || neighbour->slots.counts().all() <= slots.counts().all() + 1) return;
    neighbour->slots.give_way(now_);
    slots.way_given(now_);
  }
  void on(const MtaSlots::Tell& action) { told.push_back(action.mta.cause); }
  void on(const MtaSlots::Note& action) { notes.push_back(action.text); }

  SlotsMta& mta_;
  base::TimePoint& now_;
  std::multimap<base::TimePoint, std::function<void()>> events_;
  std::set<MtaSlots::Connection> open_;
  MtaSlots::Request last_request_ = 0;

 public:
  MtaSlots slots;
};

class Slots : public testing::Test {
 protected:
  void run(base::Duration time) {
    for (const auto end = now_ + time; now_ <= end; now_ += std::chrono::milliseconds(1)) {
      site_.step();
      neighbour_.step();
    }
  }
  [[nodiscard]] bool is_reachable() const { return site_.slots.mta() && site_.slots.mta()->reachable; }

  base::TimePoint now_{std::chrono::seconds(1'000)};
  SlotsMta mta_;
  const MtaSlots::Settings settings_{.mta = "127.0.0.1:25", .own_helo = "birl"};
  SlotsSite site_{mta_, now_, settings_};
  SlotsSite neighbour_{mta_, now_, settings_};
};

}  // namespace tsmtp::mail
