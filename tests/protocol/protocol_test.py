#!/usr/bin/env python3
"""relayd and the second implementation of docs/protocol.md beside this file, written from that page alone, carry mail to each
other: whichever dials, and whatever is cut. Usage: protocol_test.py RELAYD [unittest arguments]"""
import sys
import tempfile
import time
import unittest
from pathlib import Path

from frames import BESIDE, Broken, QUESTIONS, RESUMPTION, SERVICES, TRACES, VERSIONS
from hub import Hub
from identity import Identity
from link import Gone, Link, listen
from mta import Client, ScriptedMta
from session import CANCELLED, FAILED, REFUSED, UNKNOWN_SERVICE
from transaction import ASK, COMMIT, CONTENT, DATA, FarSide, KNOWN, MAIL, NearSide, PENDING, RCPT, SETTLED, TRACE, UNKNOWN

ANNA, BOB, CARL = 'anna@tokyo.example', 'bob@birl.example', 'carl@birl.example'
VERSION = b'\7'  # the first byte of that notice
FAR_MTA = b'\1\1PIPELINING\n8BITMIME\nSIZE 50000000\n'
SMALL = b'Subject: small\r\n\r\n..two dots\r\n'


def large(size):
    """Content of which no two places are alike."""
    return b''.join(b'%070d\r\n' % n for n in range(size // 72))


def yes(kind, payload):
    """The verdicts of a far side that takes everything."""
    return (354, 'go ahead') if kind == DATA else (250, '2.0.0 ok')


def keep_final_back(kind, payload):
    return None if kind == COMMIT else yes(kind, payload)


def setUpModule():
    global hub, mta, directory, listener, keys
    directory = tempfile.TemporaryDirectory()
    keys = {name: Identity.make(Path(directory.name) / name) for name in ('caller', 'several', 'called', 'replaced')}
    mta, listener = ScriptedMta(), listen()
    hub = Hub(program, mta.address)
    more = dict(peer_timeout='2s', rekey_bytes='64KiB')
    hub.site('caller', keys['caller'], **more)
    hub.site('several', keys['several'], connections=2)
    hub.site('replaced', keys['replaced'])
    hub.site('called', keys['called'], dial=listener.getsockname(), **more)
    hub.start()


def tearDownModule():
    log = hub.log()
    assert hub.stop() == 0, log
    directory.cleanup()


class Scenarios:
    """What is played in both roles."""

    def setUp(self):
        mta.script()
        # A recipient for each test: what one leaves in doubt is no other's.
        self.anna = f'{self._testMethodName}@tokyo.example'
        self.mails, self.verdict = [], yes
        self.new_link()

    def tearDown(self):
        self.link.cut()

    def new_link(self, **hello):
        link = self.link = Link(keys[self.site], hub.identity, **hello)
        link.on_turn.append(self.take_mails)
        self.connect(link)
        self.assertEqual(link.wait_for(lambda: [one for one in link.session.notices if one[:1] != VERSION])[0], FAR_MTA)
        link.session.send(8, FAR_MTA)
        link.session.ping(b'have you got it')
        link.wait_for(lambda: link.session.pongs)
        return link

    def lose_session(self, **hello):
        """The daemon that we are dies, and starts again."""
        self.link.cut()
        self.new_link(**hello)

    def resume(self):
        self.assertTrue(self.connect(self.link))

    def near(self, *recipients, content=SMALL):
        """A mail from us to relayd's MTA, up to its Commit."""
        mail = NearSide(self.link)
        mail.envelope(ANNA, *recipients)
        mail.content(content)
        mail.commit()
        return mail

    def client(self):
        client = Client(self.wait_for, hub.endpoint(self.site))
        self.addCleanup(client.close)
        return client

    def wait_for(self, condition):
        return self.link.wait_for(condition)

    def hand_over(self, *recipients, content=SMALL, verdict=yes):
        """relayd's MTA hands a mail over, up to the final dot: its client, and the mail once it comes to us."""
        self.mails, self.verdict = [], verdict
        client = self.client()
        self.replies = client.begin(BOB, *recipients, content=content)
        return client, self.wait_for(lambda: self.mails and self.mails[0])

    def take_mails(self):
        """Takes each mail that relayd opens."""
        while self.link.session.accepted:
            self.mails.append(FarSide(self.link, self.link.session.accepted.popleft(), self.verdict))
            self.mails[-1].look()

    # Near side

    def test_mail_to_one_recipient(self):
        mail = self.near(BOB)
        self.assertEqual(mail.verdict('final'), (250, '2.0.0 kept as 1'))
        self.assertEqual((mail.mail[0], mail.recipients[0][0], mail.data), (250, 250, (354, 'go ahead')))
        mail.settle()
        self.wait_for(lambda: mail.stream.over)
        self.assertEqual(mta.mails, [(f'FROM:<{ANNA}>', [f'TO:<{BOB}>'], SMALL)])

    def test_mail_to_several_of_whom_one_is_refused(self):
        mta.script({f'RCPT TO:<{CARL}>': '550 5.1.1 no such user'})
        mail = self.near(BOB, CARL, 'dora@birl.example', 'eve@elsewhere.example')
        self.assertEqual(mail.verdict('final')[0], 250)
        self.assertEqual([mail.recipients[n][0] for n in range(4)], [250, 550, 250, 550])
        self.assertEqual(mail.recipients[1], (550, '5.1.1 no such user'))
        self.assertEqual(mta.mails[0][1], [f'TO:<{BOB}>', 'TO:<dora@birl.example>'])

    def test_refusal_at_each_command(self):
        for command, reply, verdicts in [
                ('MAIL', '550-5.7.1 no\r\n550 5.7.1 never', (550, None, 550, 550)), ('RCPT', '450 4.2.1 later', (250, 450, 450, 450)),
                ('DATA', '451 4.3.0 not now', (250, 250, 451, 451)), ('.', '554 5.6.0 what is that', (250, 250, 354, 554))]:
            with self.subTest(command):
                mta.script({command: reply})
                mail = self.near(BOB)
                expected = [line[4:] for line in reply.split('\r\n')]
                self.assertEqual(mail.verdict('final'), (verdicts[3], '\n'.join(expected)))
                self.assertEqual((mail.mail[0], mail.data[0]), (verdicts[0], verdicts[2]))
                self.assertEqual(len(mail.recipients), 1)
                if verdicts[1]:
                    self.assertEqual(mail.recipients[0][0], verdicts[1])
                mail.settle()
                self.wait_for(lambda: mail.stream.over)
                self.assertEqual(mta.mails, [])

    def test_content_beyond_the_window(self):
        content = large(5 * self.link.session.theirs.window)
        self.assertEqual(self.near(BOB, content=content).verdict('final')[0], 250)
        self.assertEqual(mta.mails[0][2], content)

    def test_given_up_before_commit_is_never_delivered(self):
        mail = NearSide(self.link)
        mail.envelope(ANNA, BOB)
        mail.content(SMALL)
        self.assertEqual(mail.verdict('data')[0], 354)
        mail.stream.reset(CANCELLED, b'changed our mind')
        self.assertEqual(self.near(CARL).verdict('final')[0], 250)
        self.assertEqual([recipients for _, recipients, _ in mta.mails], [[f'TO:<{CARL}>']])

    def test_retry_asks(self):
        mta.script(hold_final=True)
        first = self.near(BOB)
        self.wait_for(mta.content_read.is_set)
        self.lose_session()
        self.assertEqual(self.ask(first.id).outcome, (PENDING,))
        mta.let_go.set()
        while (second := self.ask(first.id)).outcome == (PENDING,):
            pass
        self.assertEqual(second.outcome, (KNOWN, (), 250, '2.0.0 kept as 1'))
        second.settle(first.id)
        self.wait_for(lambda: second.stream.over)
        third = self.ask(first.id)
        self.assertEqual(third.outcome, (UNKNOWN,))
        third.commit()
        self.assertEqual(third.verdict('final'), (250, '2.0.0 kept as 2'))

    def test_refused_recipients_are_told_in_the_outcome(self):
        mta.script({f'RCPT TO:<{CARL}>': '550 5.1.1 no such user'})
        first = self.near(BOB, CARL)
        self.assertEqual(first.verdict('final')[0], 250)
        self.lose_session()
        self.assertEqual(self.ask(first.id).outcome, (KNOWN, (1,), 250, '2.0.0 kept as 1'))

    def test_question_without_a_mail(self):
        first = self.near(BOB)
        self.assertEqual(first.verdict('final')[0], 250)
        self.link.cut()
        self.new_link(capabilities=RESUMPTION | QUESTIONS)
        known = self.question(first.id)
        self.assertEqual(known.outcome, (KNOWN, (), 250, '2.0.0 kept as 1'))
        known.settle(first.id)
        self.wait_for(lambda: known.stream.over)
        unknown = self.question(first.id)
        self.assertEqual(unknown.outcome, (UNKNOWN,))
        unknown.stream.finish()
        self.wait_for(lambda: unknown.stream.over)
        self.assertEqual(len(mta.mails), 1)

    def test_what_is_unknown_never_comes(self):
        """It lags behind the question on another session of the link, or so it might be."""
        self.link.cut()
        self.new_link(capabilities=RESUMPTION | QUESTIONS)
        late = NearSide(self.link)
        self.assertEqual(self.question(late.id).outcome, (UNKNOWN,))
        late.envelope(ANNA, BOB)
        late.content(SMALL)
        late.commit()
        self.assertEqual(late.verdict('final')[0], 451)
        self.assertEqual(mta.mails, [])

    def test_the_way_of_a_mail(self):
        first = self.near(BOB)
        self.assertEqual(first.verdict('final')[0], 250)
        self.link.cut()
        self.new_link(capabilities=RESUMPTION | TRACES)
        state, begun, stages, said = self.trace(first.id).traced
        self.assertEqual((state, said, sorted(stages)), (2, '250 2.0.0 kept as 1', [0, 1, 2, 3, 5, 6, 7]))
        self.assertAlmostEqual(begun / 1000, time.time(), delta=60)
        self.assertEqual(sorted(stages.values()), [stages[stage] for stage in sorted(stages)])
        unknown = self.trace(bytes(16))
        self.assertEqual(unknown.traced, (0,))
        unknown.stream.finish()
        self.wait_for(lambda: unknown.stream.over)

    def test_a_mail_under_way_is_traced_too(self):
        self.link.cut()
        self.new_link(capabilities=RESUMPTION | TRACES)
        mail = NearSide(self.link)
        mail.envelope(ANNA, BOB)
        self.assertTrue(mail.verdict('data'))
        state, _, stages, said = self.trace(mail.id).traced
        self.assertEqual((state, said, sorted(stages)), (1, '', [0, 1, 2]))

    def test_versions_are_told(self):
        self.link.cut()
        self.new_link(capabilities=RESUMPTION | VERSIONS)
        version = hub.status()['version'].encode()
        self.wait_for(lambda: VERSION + bytes([len(version)]) + version in self.link.session.notices)
        site = lambda: next(one for one in hub.status()['sites'] if one['name'] == self.site)
        self.assertIsNone(site()['peer_version'])
        self.link.session.send(8, VERSION + b'\x050.1.7 and what a later page adds')
        self.wait_for(lambda: site()['peer_version'] == '0.1.7')
        self.assertEqual(site()['hubs'][0]['peer_version'], '0.1.7')
        self.assertIn('traces', site()['hubs'][0]['lacks'])
        self.assertNotIn('versions', site()['hubs'][0]['lacks'])
        self.assertTrue(site()['older'])
        self.link.cut()
        self.new_link()
        self.wait_for(lambda: site()['state'] == 'up' and site()['peer_version'] is None)
        self.assertFalse([one for one in self.link.session.notices if one.startswith(VERSION)], 'told to one that does not know it')

    def test_mails_of_another_site_are_unknown(self):
        first = self.near(BOB)
        self.assertEqual(first.verdict('final')[0], 250)
        other = Link(keys['several'], hub.identity, capabilities=RESUMPTION | TRACES)
        self.addCleanup(other.cut)
        other.dial(hub.address)
        asked = NearSide(other)
        asked.send(TRACE, first.id)
        self.assertEqual(asked.verdict('traced'), (0,))

    def trace(self, transaction):
        asked = NearSide(self.link)
        asked.send(TRACE, transaction)
        asked.verdict('traced')
        return asked

    def question(self, transaction):
        """A stream that is nothing but Ask."""
        asked = NearSide(self.link)
        asked.send(ASK, transaction)
        asked.verdict('outcome')
        return asked

    def ask(self, transaction):
        mail = NearSide(self.link)
        mail.envelope(ANNA, BOB)
        mail.content(SMALL)
        mail.send(ASK, transaction)
        mail.verdict('outcome')
        return mail

    # Far side

    def test_takes_a_mail(self):
        client, mail = self.hand_over(self.anna)
        self.assertEqual(client.reply(), '250 2.0.0 ok')
        self.assertEqual((mail.helo, mail.sender, mail.recipients), ('tokyo.example', f'FROM:<{BOB}>', [f'TO:<{self.anna}>']))
        self.assertEqual(bytes(mail.content), SMALL.replace(b'..', b'.'))
        client.command('QUIT')
        self.wait_for(lambda: mail.stream.peer_finished)
        mail.stream.finish()
        self.assertEqual(mail.settled, [mail.id])
        self.assertEqual(mail.kinds, [MAIL, RCPT, DATA, CONTENT, COMMIT, SETTLED])

    def test_takes_content_beyond_a_small_window(self):
        self.lose_session(window=1024)
        content = large(50000)
        client, mail = self.hand_over(self.anna, content=content)
        self.assertEqual(client.reply(), '250 2.0.0 ok')
        self.assertEqual(bytes(mail.content), content)

    def test_refuses_at_each_command(self):
        for at, verdict, told in [(MAIL, (550, '5.7.1 not you'), '550 5.7.1 not you'),
                                  (RCPT, (450, '4.2.1 later\nor never'), '450-4.2.1 later\n450 or never'),
                                  (DATA, (451, '4.3.0 no'), '451 4.3.0 no'),
                                  (COMMIT, (554, '5.6.0 what is that'), '554 5.6.0 what is that')]:
            with self.subTest(at):
                client, _ = self.hand_over(self.anna, verdict=lambda kind, payload: verdict if kind >= at else yes(kind, payload))
                self.assertEqual(client.reply() if self.replies[-1].startswith('354') else self.replies[-1], told)

    def test_several_recipients_are_told_apart(self):
        self.verdict = lambda kind, payload: (550, '5.1.1 who?') if b'carl' in payload else yes(kind, payload)
        client = self.client()
        client.send(f'MAIL FROM:<{BOB}>\r\nRCPT TO:<{self.anna}>\r\nRCPT TO:<carl@tokyo.example>\r\nDATA\r\n'.encode())
        self.assertEqual([client.reply()[:3] for _ in range(4)], ['250', '250', '550', '354'])
        client.send(SMALL + b'.\r\n')
        self.assertEqual(client.reply(), '250 2.0.0 ok')

    def test_retry_is_recognised(self):
        first = self.commit_and_lose()
        client, retry = self.try_again(first)
        retry.tell_outcome(PENDING)
        self.assertRegex(client.reply(), '^451 4.4.2 ')
        client, retry = self.try_again(first)
        retry.tell_outcome(KNOWN, (), 250, '2.0.0 kept before')
        self.assertEqual(client.reply(), '250 2.0.0 kept before')
        client.command('NOOP')
        self.wait_for(lambda: retry.stream.peer_finished)
        self.assertEqual(retry.kinds, [MAIL, RCPT, DATA, CONTENT, ASK, SETTLED])
        self.assertEqual(retry.settled, [first.id])

    def test_retry_of_what_never_arrived(self):
        client, retry = self.try_again(self.commit_and_lose())
        retry.tell_outcome(UNKNOWN)
        self.assertEqual(client.reply(), '250 2.0.0 ok')
        self.assertEqual(retry.kinds, [MAIL, RCPT, DATA, CONTENT, ASK, COMMIT])

    def commit_and_lose(self):
        """A mail that relayd commits, and our daemon dies before it answers."""
        client, mail = self.hand_over(self.anna, verdict=keep_final_back)
        self.wait_for(lambda: COMMIT in mail.kinds)
        self.lose_session()
        self.assertRegex(client.reply(), '^451 4.4.2 ')
        return mail

    def try_again(self, first):
        """relayd's MTA tries it again, up to the question how the first try ended."""
        client, mail = self.hand_over(self.anna)
        self.assertEqual(self.wait_for(lambda: mail.asked), first.id)
        return client, mail

    # Interruptions

    def test_resumes_what_we_send(self):
        """Cut before, in and behind headers and payloads of what goes to relayd; the MTA notices nothing."""
        content = large(3 * self.link.session.theirs.window)
        mail = self.near(BOB, content=content)
        for after in (0, 1, 24, 25, 30, 16384, 16384 + 23, 100000):
            self.link.cut(after)
            self.resume()
            self.assertEqual(self.wait_for(lambda: mail.mail)[0], 250)
        self.assertEqual(mail.verdict('final'), (250, '2.0.0 kept as 1'))
        self.assertEqual(mta.mails[0][2], content)

    def test_resumes_what_we_receive(self):
        """Cut before, in and behind headers and payloads of what comes from relayd; its MTA notices nothing."""
        content = large(400000)
        client, mail = self.hand_over(self.anna, content=content)
        for after in (1, 24, 25, 30, 16384, 16384 + 23, 100000):
            self.link.read_at_most = after
            with self.assertRaises(Gone):
                self.wait_for(lambda: False)
            self.resume()
        self.assertEqual(client.reply(), '250 2.0.0 ok')
        self.assertEqual(bytes(mail.content), content)

    def test_resumes_without_anything_under_way(self):
        for _ in range(3):
            self.link.cut()
            self.resume()
        self.assertEqual(self.near(BOB).verdict('final')[0], 250)

    def test_resumption_says_drain_and_credit_again(self):
        mail = self.near(BOB)
        self.link.session.drain()
        self.link.cut(after=10**6)
        self.resume()
        self.assertEqual(mail.verdict('final')[0], 250)
        self.assertRegex(self.client().greeting, '^421 4.3.2 ')

    def test_resumed_by_a_connection_beside_one_that_still_works(self):
        mail = self.near(BOB)
        old = self.link.socket
        self.assertTrue(self.link.dial(hub.address))
        self.assertEqual(mail.verdict('final')[0], 250)
        old.close()

    # Life and end

    def test_pings_are_answered(self):
        self.link.session.ping(b'')
        self.link.session.ping(b'x' * 64)
        self.wait_for(lambda: self.link.session.pongs == 3)

    def test_drain(self):
        mail = NearSide(self.link)
        mail.envelope(ANNA, BOB)
        self.link.session.drain()
        mail.content(SMALL)
        mail.commit()
        self.assertEqual(mail.verdict('final')[0], 250)
        self.assertRegex(self.client().greeting, '^421 ')
        self.link.close('that was all: é\r\n'.encode())
        hub.wait_for_log(lambda log: f'{self.site}: link down: closed by peer: that was all: ' in log)


class WeDial(Scenarios, unittest.TestCase):
    site = 'caller'

    def connect(self, link):
        return link.dial(hub.address)

    def test_relayd_pings(self):
        """After half of peer_timeout, and the link stays."""
        pings = []
        answer = self.link.session.on_ping
        self.link.session.on_ping = lambda frame: (pings.append(frame), answer(frame))
        self.wait_for(lambda: len(pings) == 1)
        self.assertEqual(self.near(BOB).verdict('final')[0], 250)

    def test_unknown_service_and_too_many_streams(self):
        stream = self.link.session.open(service=200)
        self.assertEqual(self.wait_for(lambda: stream.reset_by_peer)[0], FAILED)
        limit = self.link.session.theirs.max_streams
        mails = [NearSide(self.link) for _ in range(limit + 1)]
        self.assertEqual(self.wait_for(lambda: mails[-1].stream.reset_by_peer)[0], REFUSED)
        self.assertIsNone(mails[0].stream.reset_by_peer)

    def test_unknown_service_is_told_in_so_many_words_to_who_knows_the_code(self):
        self.lose_session(capabilities=RESUMPTION | SERVICES)
        self.assertTrue(self.link.session.theirs.capabilities & SERVICES)
        stream = self.link.session.open(service=200)
        self.assertEqual(self.wait_for(lambda: stream.reset_by_peer), (UNKNOWN_SERVICE, 'unknown service 200'))
        self.assertEqual(self.near(BOB).verdict('final')[0], 250)

    def test_relayd_keeps_to_our_limit(self):
        self.lose_session(max_streams=1)
        self.hand_over(self.anna, verdict=keep_final_back)
        second = self.client()
        second.send(f'MAIL FROM:<{BOB}>\r\n'.encode())
        self.link.session.ping(b'')
        self.wait_for(lambda: self.link.session.pongs == 2)
        self.assertEqual(len(self.mails), 1)


class SeveralConnections(unittest.TestCase):
    """A link of two connections, each with a session of its own."""

    def setUp(self):
        mta.script()
        self.links = [Link(keys['several'], hub.identity, connection=n, connections=2) for n in range(2)]
        first, second = self.links
        second.instance, second.numbers = first.instance, first.numbers
        for link in self.links:
            self.assertFalse(link.dial(hub.address))
            self.addCleanup(link.cut)

    def deliver(self, link):
        mail = NearSide(link)
        mail.envelope(ANNA, BOB)
        mail.content(SMALL)
        mail.commit()
        return mail

    def test_each_carries_mail_and_is_resumed_by_itself(self):
        mails = [self.deliver(link) for link in self.links]
        first, second = self.links
        second.cut(after=100)
        self.assertEqual(mails[0].verdict('final')[0], 250)
        self.assertTrue(second.dial(hub.address))
        self.assertEqual(mails[1].verdict('final')[0], 250)
        self.assertEqual(len(mta.mails), 2)

    def test_another_instance_ends_all(self):
        first, second = self.links
        newer = Link(keys['several'], hub.identity, connection=1, connections=2)
        newer.dial(hub.address)
        self.addCleanup(newer.cut)
        for link in self.links:
            with self.assertRaisesRegex(Gone, 'you have been restarted|replaced by a newer connection'):
                link.wait_for(lambda: False)


class TwoProcesses(unittest.TestCase):
    """We are a process of a hub, and the one that takes its place."""

    def setUp(self):
        mta.script()
        self.first = self.process()

    def process(self, predecessor=None, capabilities=RESUMPTION | BESIDE):
        link = Link(keys['replaced'], hub.identity, capabilities=capabilities,
                    predecessor=predecessor.instance if predecessor else bytes(16))
        self.assertFalse(link.dial(hub.address))
        self.addCleanup(link.cut)
        return link

    def begin(self, link):
        mail = NearSide(link)
        mail.envelope(ANNA, BOB)
        mail.content(SMALL)
        return mail

    def settle(self, mail):
        mail.commit()
        self.assertEqual(mail.verdict('final')[0], 250)

    def assert_gone(self, link, why):
        with self.assertRaisesRegex(Gone, why):
            link.wait_for(lambda: False)

    def test_stand_beside_each_other(self):
        mail = self.begin(self.first)
        second = self.process(self.first)
        self.settle(self.begin(second))
        self.settle(mail)
        self.settle(self.begin(self.first))
        self.assertEqual(len(mta.mails), 3)

    def test_what_leaves_is_resumed(self):
        mail = self.begin(self.first)
        second = self.process(self.first)
        self.first.cut()
        self.assertTrue(self.first.dial(hub.address))
        self.settle(mail)
        self.settle(self.begin(second))

    def test_what_leaves_begins_no_other(self):
        self.process(self.first)
        again = Link(keys['replaced'], hub.identity, capabilities=RESUMPTION | BESIDE)
        again.instance = self.first.instance
        with self.assertRaisesRegex(Broken, 'a later process of your hub has its link here'):
            again.dial(hub.address)
        self.addCleanup(again.cut)
        self.settle(self.begin(self.first))

    def test_gone_is_said(self):
        mail = self.begin(self.first)
        second = self.process(self.first)
        second.session.send(8, b'\6')
        second.session.ping(b'have you got it')
        second.wait_for(lambda: second.session.pongs)
        self.assert_gone(self.first, 'your process counts as ended')
        self.settle(self.begin(second))

    def test_a_third_ends_the_first(self):
        second = self.process(self.first)
        third = self.process(second)
        self.assert_gone(self.first, 'your successor has a successor itself')
        self.settle(self.begin(second))
        self.settle(self.begin(third))

    def test_only_who_is_named_leaves(self):
        for other in (None, Link(keys['replaced'], hub.identity)):
            self.setUp()
            second = self.process(other)
            self.assert_gone(self.first, 'you have been restarted|replaced by a newer connection')
            self.settle(self.begin(second))

    def test_without_the_capability_it_is_a_restart(self):
        second = self.process(self.first, RESUMPTION)
        self.assert_gone(self.first, 'you have been restarted|replaced by a newer connection')
        self.settle(self.begin(second))

    def test_mail_goes_to_the_present_one(self):
        second = self.process(self.first)
        self.assertEqual(second.wait_for(lambda: second.session.notices)[0], FAR_MTA)
        second.session.send(8, FAR_MTA)
        second.session.ping(b'have you got it')
        second.wait_for(lambda: second.session.pongs)
        client = Client(second.wait_for, hub.endpoint('replaced'))
        self.addCleanup(client.close)
        client.send(f'MAIL FROM:<{BOB}>\r\n'.encode())
        second.wait_for(lambda: second.session.accepted)


class RelaydDials(Scenarios, unittest.TestCase):
    site = 'called'

    def connect(self, link):
        while True:
            try:
                return link.accept(listener)
            except (Gone, OSError):
                pass  # one that relayd has given up meanwhile

    def test_resumed_by_the_side_that_did_not_dial(self):
        mail = self.near(BOB, content=large(300000))
        self.link.cut(100000)
        self.assertTrue(self.link.dial(hub.address))
        self.assertEqual(mail.verdict('final')[0], 250)
        self.assertEqual(self.near(BOB).verdict('final')[0], 250)


if __name__ == '__main__':
    program = sys.argv.pop(1)
    unittest.main()
