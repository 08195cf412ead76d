//! What is asked and answered in a shop's support chat.

/// Questions with good answers. Some name what must never leave a process as it is: the addresses
/// and numbers are of ranges kept for examples.
pub(super) const TALK: [(&str, &str); 12] = [
    (
        "My order 48113 was to arrive on Monday. Where is it?",
        "I am sorry for the wait. Your order 48113 left our warehouse on Friday and the carrier has \
         it at the depot in Leeds. It should be with you tomorrow before noon, and you will get a \
         message with the hour.",
    ),
    (
        "How do I set the sag on the rear shock of the Ridge 3?",
        "Pump the shock to your riding weight in pounds per square inch, sit on the bike with your \
         kit on, and slide the ring against the seal. Get off gently and measure: 12 to 15 mm is \
         right for the Ridge 3. Let air out for more sag, add air for less.",
    ),
    (
        "I want to return the helmet, it is too small. Write to jane.doe@example.com please.",
        "Of course. You can send the helmet back within 30 days, unworn and in its box. A label is \
         on its way to the address you gave, and the money is back on your account within five days \
         of the parcel's arrival. If you would rather have the larger size, tell me and I will hold \
         one for you.",
    ),
    (
        "Which chain fits an eleven-speed drivetrain?",
        "Any chain made for eleven speeds: it is narrower than one for ten. For your cassette the \
         CN-601 or the X11 both shift well. Count the links of the old chain before you shorten the \
         new one.",
    ),
    (
        "You charged my card 4111 1111 1111 1111 twice! This is the second time, I am really angry.",
        "I understand that this is annoying, and I am sorry. One of the two charges is only a \
         reservation that your bank releases within three working days. I have asked our payments \
         team to confirm that, and you will have their answer by e-mail today.",
    ),
    (
        "Is the Comet suitable for a child of six?",
        "Yes, the Comet with 20 inch wheels is made for children from 115 to 130 cm, which most are \
         at six or seven. It has small brake levers and weighs 8.4 kg, so a child can lift it. Have \
         the inside leg measured in a shop if you are between two sizes.",
    ),
    (
        "自転車のタイヤの空気圧はどれくらいがいいですか。",
        "タイヤの側面に書かれている範囲を守ってください。街乗りの32mmタイヤなら、体重70kgで前4.0、後ろ4.5バールが\
         目安です。雨の日は少し低めにすると滑りにくくなります。",
    ),
    (
        "Can I ride an e-bike without a licence?",
        "In most of Europe a bike whose motor helps up to 25 km/h and gives no more than 250 W needs \
         no licence, no plate and no insurance. Faster ones count as mopeds. Please check the rules \
         where you live, because they differ.",
    ),
    (
        "The display of my bike shows E14. What does it mean?",
        "E14 means that the motor gets no signal from the speed sensor. Look whether the magnet on \
         the spoke still passes the sensor within 5 mm and clean both. If the code comes back, the \
         cable may be damaged: then a workshop should look at it before you ride on.",
    ),
    (
        "Please call me back at +1 415 555 0132 about the workshop appointment.",
        "Thank you. I have put you down for a call between two and four this afternoon. If you want \
         to bring the appointment forward, Thursday at nine is free.",
    ),
    (
        "What is the difference between the two locks you sell?",
        "The chain lock is rated higher and goes around thicker posts, but it weighs 3.2 kg. The \
         folding lock weighs 1.4 kg and fits a holder on the frame. For a bike that stands outside \
         at night I would take the chain.",
    ),
    (
        "返品したいのですが、どうすればいいですか。",
        "ご不便をおかけして申し訳ありません。到着から30日以内であれば返品いただけます。マイページの「注文履歴」から\
         返品ラベルを印刷し、元の箱に入れてお送りください。返金は到着後5日以内に行います。",
    ),
];

/// How a model says no.
pub(super) const REFUSALS: [&str; 4] = [
    "I'm sorry, but I can't help with that request.",
    "I cannot assist with this. Is there something else you would like to talk about?",
    "I'm unable to provide that information.",
    "申し訳ありませんが、そのご質問にはお答えできません。",
];
