// Two hubs whose sessions end with their connection, and an MTA that can be made to ponder: for P4, whatever
// is killed or cut, every accepted mail is delivered, and delivered once.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {

inline constexpr char kContent[] = "Subject: only once\r\n\r\ntext\r\n";

// A broken link ends what is under way here; that it need not is resumption_test.cc's matter.
class P4_NothingTwice : public TwoHubs {
 protected:
  void SetUp() override { start("resume_window = \"0s\"\n"); }

  /// Tries the mail as an MTA does, until it is answered with 2yz or 5yz. Every try's connection may break.
  [[nodiscard]] std::string deliver(const std::string& content) {
    std::string reply;
    const bool answered = wait_until(
        [&] {
          try {
            const std::string endpoint = tokyo.site_status("birl").at("endpoints").at(0);
            Connection client(endpoint.substr(0, endpoint.find(':')), endpoint_port);
            if (!client.reply().starts_with("220")) return false;
            client.command("EHLO mx.tokyo.example");
            reply = send_mail(client, content);
            if (reply.starts_with("2")) (void)client.command("QUIT");
            return reply.starts_with("2") || reply.starts_with("5");
          } catch (const std::exception&) {
            return false;
          }
        },
        std::chrono::seconds(60));
    return answered ? reply : "never answered";
  }

  /// Waits until the far MTA has taken the mail, whose final reply it holds back.
  [[nodiscard]] bool taken() {
    return wait_until([&] { return final_asked.load(); });
  }
  void hold_final_reply() {
    birl_mta.set_script([this](const std::string& command) -> std::string {
      if (command != "." || final_asked.exchange(true)) return "";
      (void)wait_until([this] { return final_released.load(); });
      return "250 2.0.0 first try\r\n";
    });
  }

  /// How many relayds of birl have something to tell to later ones.
  [[nodiscard]] std::ptrdiff_t books() const {
    const auto is_book = [](const auto& entry) {
      return entry.path().filename().string().starts_with("commits.");
    };
    const std::filesystem::directory_iterator entries(birl.file("state"));
    return std::count_if(begin(entries), end(entries), is_book);
  }

  /// The process that has birl's book open beside relayd; 0 when there is none.
  [[nodiscard]] pid_t witness_of_birl() const {
    std::error_code error;
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
      if (read_file(process.path() / "comm") != "tsmtp-witness\n") continue;
      for (const auto& entry : std::filesystem::directory_iterator(process.path() / "fd", error))
        if (std::filesystem::read_symlink(entry, error).string().starts_with(birl.file("state/commits.")))
          return std::stoi(process.path().filename().string());
    }
    return 0;
  }

  /// A client that has sent a mail, which the far MTA has, and holds its final reply back.
  [[nodiscard]] Connection session_with_a_mail_taken(const char* last_words = ".\r\n") {
    hold_final_reply();
    Connection client = session();
    begin_mail(client, kContent);
    client.send(last_words);
    EXPECT_TRUE(taken());
    return client;
  }

  std::atomic<bool> final_asked{false};
  std::atomic<bool> final_released{false};
};

}  // namespace tsmtp::support
