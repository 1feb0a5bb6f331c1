#!/usr/bin/env escript
%% Erlang's ssl as a peer of the interop matrix; what it is told, and what it answers: README.md.

-mode(compile).
-define(PIECE, 16384).

main(_) ->
    {ok, _} = application:ensure_all_started(ssl),
    logger:set_primary_config(level, none),
    loop().

loop() ->
    case io:get_line("") of
        eof -> ok;
        Line ->
            [Command | Words] = string:lexemes(string:trim(Line), " "),
            Order = maps:from_list([list_to_tuple(string:split(Word, "=")) || Word <- Words]),
            Answer = try
                case Command of
                    "serve" -> serve(Order);
                    "connect" -> connect(Order, list_to_integer(maps:get("times", Order, "1")), "")
                end
            catch _:Reason -> flat("error ~0p", [Reason])
            end,
            io:format("~s~n", [Answer]),
            loop()
    end.

serve(Order) ->
    Auth = case maps:is_key("auth", Order) of
        true -> [{verify, verify_peer}, {fail_if_no_peer_cert, true}];
        false -> [{verify, verify_none}]
    end,
    Tickets = case {maps:get("version", Order, ""), maps:is_key("ids", Order)} of
        {"1.3", false} -> [{session_tickets, stateless}];
        _ -> []
    end,
    Alpn = case Order of
        #{"alpn" := Name} -> [{alpn_preferred_protocols, [list_to_binary(Name)]}];
        _ -> []
    end,
    Options = common(Order) ++ Auth ++ Tickets ++ Alpn ++ [{ip, {127, 0, 0, 1}}, {reuseaddr, true}],
    Parent = self(),
    spawn(fun() ->
        {ok, Listener} = ssl:listen(0, Options),
        {ok, {_, Port}} = ssl:sockname(Listener),
        Parent ! {port, Port},
        accept(Listener)
    end),
    receive {port, Port} -> flat("serving ~p", [Port]) after 5000 -> "error it does not listen" end.

accept(Listener) ->
    {ok, Socket} = ssl:transport_accept(Listener),
    Pid = spawn(fun() -> receive go -> shake(Socket) end end),
    ok = ssl:controlling_process(Socket, Pid),
    Pid ! go,
    accept(Listener).

shake(Socket) ->
    case ssl:handshake(Socket) of
        {ok, Secure} -> echo(Secure);
        {error, Reason} -> io:format("server-error ~0p~n", [Reason])
    end.

echo(Socket) ->
    case ssl:recv(Socket, 0) of
        {ok, Bytes} -> ok = ssl:send(Socket, Bytes), echo(Socket);
        {error, _} -> ssl:close(Socket)
    end.

connect(_, 0, Answer) -> Answer;
connect(Order, Left, _) -> connect(Order, Left - 1, once(Order)).

once(Order) ->
    Tickets = case {maps:get("version", Order, ""), maps:get("times", Order, "1")} of
        {"1.3", "2"} -> [{session_tickets, auto}];
        _ -> []
    end,
    Alpn = case Order of
        #{"alpn" := Name} -> [{alpn_advertised_protocols, [list_to_binary(Name)]}];
        _ -> []
    end,
    Options = common(Order) ++ Tickets ++ Alpn ++
        [{verify, verify_peer}, {server_name_indication, "server.example"}] ++
        case maps:get("version", Order, "") of "1.2" -> [{reuse_sessions, save}]; _ -> [] end,
    Port = list_to_integer(maps:get("port", Order)),
    case ssl:connect({127, 0, 0, 1}, Port, Options, 10000) of
        {error, Reason} -> flat("error ~0p", [Reason]);
        {ok, Socket} ->
            %% Tickets are put away by another process, which takes its time.
            case Tickets of [] -> ok; _ -> timer:sleep(300) end,
            case talk(Socket, Order, 0, list_to_integer(maps:get("bytes", Order))) of
                ok -> report(Socket);
                {error, Reason} -> flat("error ~0p", [Reason])
            end
    end.

talk(_, _, Done, Done) -> ok;
talk(Socket, Order, Done, Total) ->
    Size = min(?PIECE, Total - Done),
    Sent = << <<((Done + I) * 7 rem 251)>> || I <- lists:seq(0, Size - 1) >>,
    case Done > 0 andalso maps:is_key("rekey", Order) of
        true -> ok = ssl:update_keys(Socket, write);
        false -> ok
    end,
    case ssl:send(Socket, Sent) of
        ok ->
            case ssl:recv(Socket, Size, 10000) of
                {ok, Sent} -> talk(Socket, Order, Done + Size, Total);
                {ok, _} -> {error, not_what_was_sent};
                Error -> Error
            end;
        Error -> Error
    end.

report(Socket) ->
    {ok, Facts} = ssl:connection_information(Socket, [protocol, session_resumption]),
    Version = case proplists:get_value(protocol, Facts) of 'tlsv1.3' -> "1.3"; _ -> "1.2" end,
    Alpn = case ssl:negotiated_protocol(Socket) of {ok, Name} -> Name; _ -> "" end,
    Resumed = case proplists:get_value(session_resumption, Facts) of true -> 1; _ -> 0 end,
    %% ssl:shutdown(Socket, write) would end the transport without close_notify.
    ok = ssl:close(Socket),
    flat("ok version=~s alpn=~s resumed=~p", [Version, Alpn, Resumed]).

common(Order) ->
    Version = case maps:get("version", Order, "") of
        "1.2" -> ['tlsv1.2'];
        "1.3" -> ['tlsv1.3'];
        _ -> ['tlsv1.3', 'tlsv1.2']
    end,
    Own = case Order of
        #{"cert" := Cert, "key" := Key} -> [{certfile, Cert}, {keyfile, Key}];
        _ -> []
    end,
    Roots = case Order of #{"roots" := File} -> [{cacertfile, File}]; _ -> [] end,
    Groups = case Order of #{"group" := Group} -> [{supported_groups, [list_to_atom(Group)]}]; _ -> [] end,
    [{versions, Version}, {mode, binary}, {active, false} | Own ++ Roots ++ Groups].

flat(Format, Values) -> lists:flatten(io_lib:format(Format, Values)).
