"""The vocabulary of names: word lists written for this simulator. Nothing here is taken from a catalogue.

Places and browser identifications are real ones, as they describe the world rather than anybody's data. The
order of every list is part of the simulator's output: to add words is to change what a seed gives.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


ADJECTIVES = _words(
    """
    Amber Ancient Blue Bitter Broken Bright Burning Careless Cold Copper Crooked Crystal Dancing Dark Distant
    Dizzy Drifting Electric Empty Endless Fading Faithful Foggy Foreign Frozen Gentle Golden Gravel Green
    Hidden Hollow Hungry Idle Iron Jaded Lazy Little Lonely Long Lost Loud Lucky Midnight Modern Northern Open
    Pale Paper Patient Plastic Quiet Rainy Reckless Restless Rusty Sacred Scarlet Second Secret Silent Silver
    Simple Sleepy Slow Solar Southern Stolen Stormy Strange Sudden Sweet Tender Tired Velvet Violet Wandering
    Warm Western Wild Winter Wooden Yellow Young
    """
)
NOUNS = _words(
    """
    Anchor Arrow Avenue Terrace Balloon Basement Beacon Bell Bicycle Bridge Camera Candle Canyon Carousel
    Castle Chandelier Bonfire Clock Cloud Comet Sextant Corner Curtain Desert Diamond Dream Anthem Ember
    Engine Feather Kayak Field Fire Flower Forest Fountain Garden Ghost Glacier Guitar Harbor Harvest Heart
    Highway Hotel Hurricane Island Jungle Kitchen Ladder Lantern Letter Lighthouse Lion Machine Magnet Map
    Mirror Monday Moon Mountain Needle Night Ocean Orchard Orchid Painter Parade Passenger Pilot Planet Pocket
    Postcard Promise Radio Railway Rain River Rocket Sailor Satellite Shadow Signal Sister Sparrow Spring
    Staircase Station Stranger Summer Sunday Telephone Juggler Thunder Tiger Train Valley Village Violin Wagon
    Waiter Wave Whisper Window Raven
    """
)
VERBS = _words(
    """
    Answer Believe Bring Call Carry Chase Find Follow Forget Hold Leave Lift Meet Miss Need Remember Save Show
    Take Teach Tell Understand Wake Watch
    """
)
# Titles in other languages, for the letters that they have.
TITLES = _phrases(
    """
    Corazón Abierto | La Última Canción | Mañana | Señales | El Jardín De Niñas | Adiós | Sueños De Papel |
    Qué Será De Mí | Así | Río Abajo | Cántame Otra Vez | Ojalá | Un Pañuelo Azul | Noche De Montaña | Saudade
    Do Avô | Coração De Pedra | Manhã | Até Amanhã | Canção Do Pescador | Não Sei | Ilusão | Solidão | Três
    Irmãs | Você E O Verão | L'Été Indécis | Déjà | À Demain | La Fenêtre | Encore Une Année | Où Es-Tu |
    Rêverie Élastique | Le Café Fermé | Mémoire D'Hôtel | Für Später | Schöne Träume | Grüße Vom Fluss | Über
    Nacht | Tänzerin | Süßer Regen | Frühling | Das Mädchen Am Fluß | Älskling | Mörker Över Ån |
    Sommarlängtan | Hjärtat | På Andra Sidan | Blå Timme | Søndag | Lys Over Ørsø | Kjærlighet | Yö Ja Päivä |
    Älä Mene | Sävel | Gece Yarısı | İki Şehir | Güneş | Łza | Żółta Łódź | Źródło | Část Druhá | Měsíc |
    Žízeň | Hűvös Őszi Szél | Első Dal | Ljósið | Þögn | Ночь | Mjölnir Blues | Olé Olé | Café Noir | Fiancée
    | Voilà
    """
)
FIRST_NAMES_F = _words(
    """
    Abigail Adelaide Alice Amelia Anna Aria Audrey Aurora Ava Bella Brooke Callie Camila Carmen Cecilia
    Charlotte Chloe Clara Daisy Delia Diana Eden Elena Eliza Ella Emily Emma Esther Eva Evelyn Faith Fiona
    Florence Freya Gabriella Genevieve Grace Hannah Harper Hazel Helena Iris Isabel Ivy Jasmine Josephine
    Julia June Kaya Kira Lara Laura Leah Lena Lila Lucia Lydia Mabel Maeve Maya Mia Mila Molly Naomi Nina Nora
    Olive Olivia Paige Pearl Phoebe Quinn Rosa Rose Ruby Sadie Sarah Selma Sofia Stella Tess Thea Uma Valerie
    Vera Violet Wendy Willa Yara Zoe
    """
)
FIRST_NAMES_M = _words(
    """
    Aaron Adam Adrian Alan Albert Amos Andre Anton Asher August Axel Basil Benjamin Blake Boris Bruno Caleb
    Carl Casper Charles Colin Connor Damian Daniel David Dean Dominic Edgar Edwin Eli Elliot Emil Eric Ethan
    Felix Finn Frank Gabriel George Gideon Grant Gus Harvey Henry Hugo Ian Isaac Ivan Jack James Jasper Joel
    Jonah Joseph Jude Julian Karl Kevin Lars Leo Levi Liam Louis Lucas Marco Martin Mateo Max Miles Milo
    Nathan Noah Oliver Omar Oscar Otto Owen Paul Peter Philip Ralph Robert Roman Samuel Simon Theodore Thomas
    Tobias Victor Vincent Walter Wesley
    """
)
LAST_NAMES = _words(
    """
    Abbott Adler Aldridge Alvarez Andersen Archer Armstrong Atkins Bailey Baker Barlow Barnes Bauer Becker
    Bell Bennett Berry Bishop Black Blair Bowen Bradley Brandt Brennan Brooks Brown Burke Burns Butler Byrne
    Calder Campbell Carlson Carter Castillo Chambers Chan Chavez Clarke Cohen Coleman Collins Conrad Cooper
    Cortez Cox Crane Crawford Dalton Davies Dawson Delgado Diaz Dixon Doyle Duncan Dunn Eaton Edwards Ellis
    Evans Farrell Ferguson Fischer Fisher Fleming Flores Ford Foster Fowler Fraser Frost Garcia Gibson Gomez
    Gordon Graham Grant Gray Green Griffith Hale Hall Hansen Harding Harper Hayes Henderson Herrera Hill
    Holmes Howard Hughes Hunt Ingram Jackson Jennings Jensen Johnson Jordan Keller Kelly Kim Klein Knight
    Kruger Lambert Larsen Lawson Lee Lewis Lopez Lowe Lyons Marsh Martin Mason Mendez Meyer Mills Moore
    Morales Morgan Morris Murphy Myers Nash Nelson Newman Nguyen Nolan Novak O'Brien Olsen Ortega Owens Page
    Palmer Parker Patel Pearson Perry Peters Porter Price Quinn Ramos Reed Reyes Rhodes Richter Riley Rivera
    Robinson Rojas Ross Rowe Ruiz Russell Ryan Salazar Sanders Schmidt Schultz Shaw Silva Simmons Singh Sloan
    Smith Soto Spencer Stein Stone Sullivan Summers Sutton Tanaka Tate Taylor Thompson Torres Tucker Turner
    Vance Vargas Vaughn Vega Wagner Walker Walsh Walters Ward Watts Weber Webster Wells Wheeler White Wilson
    Wong Wright Young Zimmerman
    """
)
ARTIST_FIRST_NAMES = _words(
    """
    Aoife Björn Zoë Renée Søren Jürgen Łukasz Čeněk Núria João Inés Andrés Cécile Åsa Gökçe Mirëla Noémie
    Günter Begoña Lúcia Théo Øyvind Jiří Máté
    """
)
ARTIST_LAST_NAMES = _words(
    """
    Muñoz Peña Lefèvre Strömberg Sjöberg Müller Gonçalves Novák Krüger Østergård Yıldız Święty Núñez Brontë
    Ibáñez Françoise Hämäläinen Köhler Beaupré Ångberg Sørlie Łęcki Šimek Tóth
    """
)
GROUPS = _phrases(
    """
    Band | Trio | Orchestra | Collective | Ensemble | Quartet | Sound System | Project | Experience | Singers
    """
)
LABELS = _phrases(
    """
    (Album Version) | (Live) | (Radio Edit) | (LP Version) | (Instrumental) | (Remix) | (Acoustic) | (2005
    Digital Remaster) | [Explicit] | [Live In São Paulo] | (Demo) | / Reprise
    """
)
# Where artists say they are from: text, latitude, longitude.
ARTIST_PLACES = (
    ("New York, NY", 40.71455, -74.00712),
    ("Los Angeles, CA", 34.05349, -118.24532),
    ("California - SF", 37.77916, -122.42005),
    ("Chicago, IL", 41.88415, -87.63241),
    ("Nashville, TN", 36.16778, -86.77836),
    ("Austin, TX", 30.26759, -97.74299),
    ("Memphis, TN", 35.14968, -90.04892),
    ("Detroit, MI", 42.33168, -83.04792),
    ("Seattle, Washington USA", 47.60356, -122.32944),
    ("Portland, OR", 45.51179, -122.67563),
    ("London, England", 51.50632, -0.12714),
    ("Manchester, Greater Manchester, England", 53.4796, -2.24881),
    ("Glasgow, Scotland", 55.85782, -4.24251),
    ("Dublin, Ireland", 53.34376, -6.24953),
    ("Toronto, Ontario, Canada", 43.64856, -79.38533),
    ("Montréal, Québec, Canada", 45.51228, -73.55439),
    ("São Paulo, Brazil", -23.56287, -46.65468),
    ("Bogotá, Colombia", 4.65637, -74.11779),
    ("México, D.F.", 19.43241, -99.13327),
    ("Málaga, España", 36.71847, -4.41965),
    ("Köln, Germany", 50.94165, 6.95505),
    ("Zürich, Switzerland", 47.37706, 8.53955),
    ("Malmö, Sweden", 55.60587, 13.00073),
    ("Tromsø, Norway", 69.64889, 18.95508),
    ("Århus, Denmark", 56.15302, 10.20487),
    ("Reykjavík, Iceland", 64.14551, -21.94247),
    ("Łódź, Poland", 51.77058, 19.47395),
    ("Kraków; Małopolska", 50.06045, 19.93243),
    ("Noci (BA)", 40.79352, 17.12581),
    ("Kingston, Jamaica", 18.01571, -76.79731),
    ("Melbourne, Victoria, Australia", -37.81753, 144.96715),
    ("Auckland, New Zealand", -36.84732, 174.76939),
    ("Lagos", 6.45506, 3.39418),
    ("Null Island", 0.0, 0.0),
    ("Georgia", 32.67828, -83.22295),
    ('New York, NY [Lower "East" Side]', 40.71984, -73.98732),
)

# US metropolitan and micropolitan areas with a weight for their population (100,000s).
METROS = (
    ("New York-Newark-Jersey City, NY-NJ-PA", 200),
    ("Los Angeles-Long Beach-Anaheim, CA", 132),
    ("Chicago-Naperville-Elgin, IL-IN-WI", 95),
    ("Dallas-Fort Worth-Arlington, TX", 70),
    ("Houston-The Woodlands-Sugar Land, TX", 66),
    ("Philadelphia-Camden-Wilmington, PA-NJ-DE-MD", 60),
    ("Washington-Arlington-Alexandria, DC-VA-MD-WV", 60),
    ("Miami-Fort Lauderdale-West Palm Beach, FL", 59),
    ("Atlanta-Sandy Springs-Roswell, GA", 56),
    ("Boston-Cambridge-Newton, MA-NH", 47),
    ("San Francisco-Oakland-Hayward, CA", 46),
    ("Phoenix-Mesa-Scottsdale, AZ", 45),
    ("Riverside-San Bernardino-Ontario, CA", 44),
    ("Detroit-Warren-Dearborn, MI", 43),
    ("Seattle-Tacoma-Bellevue, WA", 37),
    ("Minneapolis-St. Paul-Bloomington, MN-WI", 35),
    ("San Diego-Carlsbad, CA", 33),
    ("Tampa-St. Petersburg-Clearwater, FL", 29),
    ("St. Louis, MO-IL", 28),
    ("Baltimore-Columbia-Towson, MD", 28),
    ("Denver-Aurora-Lakewood, CO", 27),
    ("Pittsburgh, PA", 24),
    ("Charlotte-Concord-Gastonia, NC-SC", 24),
    ("Portland-Vancouver-Hillsboro, OR-WA", 23),
    ("San Juan-Carolina-Caguas, PR", 23),
    ("San Antonio-New Braunfels, TX", 23),
    ("Orlando-Kissimmee-Sanford, FL", 23),
    ("Sacramento--Roseville--Arden-Arcade, CA", 22),
    ("Cincinnati, OH-KY-IN", 21),
    ("Kansas City, MO-KS", 21),
    ("Las Vegas-Henderson-Paradise, NV", 20),
    ("Cleveland-Elyria, OH", 20),
    ("Columbus, OH", 20),
    ("San Jose-Sunnyvale-Santa Clara, CA", 19),
    ("Nashville-Davidson--Murfreesboro--Franklin, TN", 18),
    ("New Orleans-Metairie, LA", 12),
    ("Salt Lake City, UT", 11),
    ("Birmingham-Hoover, AL", 11),
    ("Louisville/Jefferson County, KY-IN", 13),
    ("Urban Honolulu, HI", 10),
    ("Albuquerque, NM", 9),
    ("Omaha-Council Bluffs, NE-IA", 9),
    ("Baton Rouge, LA", 8),
    ("Columbia, SC", 8),
    ("Boise City, ID", 7),
    ("Spokane-Spokane Valley, WA", 5),
    ("Lansing-East Lansing, MI", 5),
    ("Portland-South Portland, ME", 5),
    ("Anchorage, AK", 4),
    ("Eugene, OR", 4),
    ("Salinas, CA", 4),
    ("Lubbock, TX", 3),
    ("Fargo, ND-MN", 2),
    ("La Crosse-Onalaska, WI-MN", 2),
    ("Burlington-South Burlington, VT", 2),
    ("Mayagüez, PR", 1),
    ("San Germán, PR", 1),
    ("Cañon City, CO", 1),
    ("Española, NM", 1),
    ("Red Bluff, CA", 1),
)

_WEBKIT = "AppleWebKit/{0} (KHTML, like Gecko)"
_MAC = '"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4)'
_SYSTEMS = (
    ("Windows NT 6.1; WOW64", 10),
    ("Macintosh; Intel Mac OS X 10_9_4", 14),
    ("Windows NT 6.3; WOW64", 7),
    ("Windows NT 5.1", 3),
    ("X11; Linux x86_64", 3),
    ("Macintosh; Intel Mac OS X 10_8_5", 2),
)
# Browsers with a weight for their share. The real logs put quotation marks around some of them, and so on.
USER_AGENTS = (
    *(
        (f'"Mozilla/5.0 ({system}) {_WEBKIT.format("537.36")} Chrome/{version} Safari/537.36"', weight * n)
        for version, n in (("36.0.1985.125", 2), ("36.0.1985.143", 2), ("37.0.2062.94", 1))
        for system, weight in _SYSTEMS
    ),
    *(
        (f"Mozilla/5.0 ({system.replace('_', '.')}; rv:{v}) Gecko/20100101 Firefox/{v}", weight * n)
        for v, n in (("31.0", 2), ("32.0", 1))
        for system, weight in _SYSTEMS
    ),
    *(
        (f'{_MAC} {_WEBKIT.format(kit)} Version/{version} Safari/{kit}"', 16)
        for kit, version in (("537.78.2", "7.0.6"), ("537.77.4", "7.0.5"))
    ),
    *(
        (f'"Mozilla/5.0 ({phone} like Mac OS X) {_WEBKIT.format("537.51.2")} Version/7.0 Mobile/11D257 '
         'Safari/9537.53"', 6)
        for phone in ("iPhone; CPU iPhone OS 7_1_2", "iPad; CPU OS 7_1_2")
    ),
    ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", 6),
    ("Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)", 4),
)  # fmt: skip
